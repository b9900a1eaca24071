import { numberText } from "../../report/tables/number-text.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import { html, type Html } from "../html.ts";
import { oneLine } from "./shown-text.ts";
import { textBlock, type TextBudget } from "./text-block.ts";
import type { WholeEpisode } from "./whole-episode.ts";

type Members = Readonly<Record<string, unknown>>;

/** What the episode was worth and what that is made of, as far as the workload says. */
export function rewardHtml({ record, trajectory, judgement }: WholeEpisode, budget: TextBudget): Html {
  const details = trajectory?.rewardInfo ?? null;
  return html`<section id="reward">
    <h2>Reward: ${record.reward === null ? "none" : numberText(record.reward)}${basisText(record)}</h2>
    ${record.reward === null ? html`<p>${noRewardText(record)}</p>` : null}
    ${judgement === null ? null : html`<p>Judged by ${judgement.model} at ${judgement.url}, ${judgement.at}.</p>`}
    ${scoresTable(record)} ${isMembers(details) ? partsHtml(details) : null}
    ${
      details === null
        ? null
        : html`<details class="long">
            <summary>All that was kept of it</summary>
            ${textBlock(JSON.stringify(details), { budget, whole: null, openMax: Infinity, json: true })}
          </details>`
    }
  </section>`;
}

/** A product of checks; where parts have scores of their own, the workload says how they make one. */
function basisText({ rewardBasis, scores = [] }: EpisodeRecord): string {
  if (rewardBasis === null || rewardBasis.length === 0) return "";
  return ` from ${rewardBasis.join(scores.length > 1 ? ", " : " × ")}`;
}

function noRewardText({ failure, labels }: EpisodeRecord): string {
  if (failure !== null) return "A part failed, so this episode is nobody's score.";
  return labels.includes("unjudged") ? "Nobody has judged it yet: tollgate judge." : "Nobody could judge it.";
}

function scoresTable({ scores = [] }: EpisodeRecord): Html | null {
  // One score is the reward, which stands above.
  if (scores.length < 2) return null;
  return html`<table>
    <thead>
      <tr>
        <th scope="col" class="left">score</th>
        <th scope="col" class="right">value</th>
        <th scope="col" class="left">passed</th>
      </tr>
    </thead>
    <tbody>
      ${scores.map(
        ({ name, value, passed }) =>
          html`<tr>
            <td class="left">${name}</td>
            <td class="right">${numberText(value)}</td>
            <td class="left">${passed === null ? "-" : passed ? "yes" : "no"}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Members of a list of checks are read by their form, not by their names: every workload has its own. */
function partsHtml(details: Members): Html {
  const lists = Object.entries(details).flatMap(([name, value]) => {
    if (Array.isArray(value)) {
      const checks = value.filter(isMembers);
      return checks.length === 0 ? [] : [checkList(name, checks)];
    }
    return isMembers(value) ? valuesHtml(name, value) : [];
  });
  return html`${lists}`;
}

function checkList(name: string, checks: readonly Members[]): Html {
  return html`<h3>${words(name)}</h3>
    <ul class="checks">
      ${checks.map((check) => html`<li>${verdictHtml(check)} ${oneLine(checkText(check), 400)}</li>`)}
    </ul>`;
}

/** The first member that is yes or no says whether it is met. */
function verdictHtml(check: Members): Html {
  const verdict = Object.values(check).find((value) => typeof value === "boolean");
  if (verdict === undefined) return html`<span class="verdict">·</span>`;
  return verdict
    ? html`<span class="verdict good" title="met">✓</span><span class="hidden">met:</span>`
    : html`<span class="verdict bad" title="not met">✗</span><span class="hidden">not met:</span>`;
}

function checkText(check: Members): string {
  const said = Object.entries(check).filter(([, value]) => value !== null && typeof value !== "boolean");
  return said.map(([name, value]) => `${words(name)}: ${valueText(value)}`).join("; ");
}

function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  if (!isMembers(value)) return JSON.stringify(value);
  const { name, arguments: given } = value;
  if (typeof name === "string" && given !== undefined) return `${name}(${JSON.stringify(given)})`;
  return JSON.stringify(value);
}

/** A part with numbers and verdicts of its own: `db_check`, `reward_breakdown`; parts of a part stand below it, and no further ones. */
function valuesHtml(name: string, value: Members, depth = 1): readonly Html[] {
  const plain = Object.entries(value).filter(
    ([, member]) =>
      typeof member === "number" ||
      typeof member === "boolean" ||
      (typeof member === "string" && member !== ""),
  );
  const text = plain.map(([key, member]) => `${words(key)} ${String(member)}`).join(", ");
  const own = html`<h3>${words(name)}</h3>
    <p>${oneLine(text, 400)}</p>`;
  const inner = Object.entries(value).flatMap(([key, member]) =>
    depth > 0 && isMembers(member) ? valuesHtml(`${name}: ${key}`, member, depth - 1) : [],
  );
  return [...(plain.length === 0 ? [] : [own]), ...inner];
}

const words = (name: string) => name.replaceAll("_", " ");

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
