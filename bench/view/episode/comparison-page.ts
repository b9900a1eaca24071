import { ConfigError } from "../../errors.ts";
import { numberText, signedText } from "../../report/tables/number-text.ts";
import type { EpisodeRow } from "../../store/episode-columns.ts";
import { episodeAddress, pairAddress, pairsAddress, runAddress } from "../addresses.ts";
import { html, type Html } from "../html.ts";
import { viewPage } from "../page-frame.ts";
import type { PairKey, RunSource } from "../run-source.ts";
import { alignConversations, whatDiffers, type AlignedRow } from "./pair-alignment.ts";
import { pairTimes } from "./pair-times.ts";
import { rowsHtml, type PairSides } from "./pair-rows.ts";
import { shownEpisode, type ShownEpisode } from "./shown-episode.ts";
import { TextBudget } from "./text-block.ts";
import { readWholeEpisode } from "./whole-episode.ts";

interface Choice {
  readonly left: string | null;
  readonly right: string | null;
}

/** One task and trial in two arms, side by side; null where no episode of it is finished. */
export async function comparisonPage(run: RunSource, pair: PairKey, choice: Choice): Promise<string | null> {
  const rows = episodesOf(run, pair);
  const chosen = chosenRows(run, rows, choice);
  if (chosen === null) return null;
  const [left, right] = [
    await readShown(run, chosen[0]),
    chosen[1] === null ? null : await readShown(run, chosen[1]),
  ];
  if (left === null) return null;
  const name = `${pair.domain}/${pair.taskId}, trial ${pair.trial}`;
  const body = html`<header class="episode-head">
      <h1>${name}: ${left.whole.record.arm}${right === null ? "" : ` beside ${right.whole.record.arm}`}</h1>
      ${left.whole.record.simulated ? html`<p class="simulated">simulated engines</p>` : null}
      <p>${pair.load}, repetition ${pair.repetition}</p>
    </header>
    <main>
      ${armsHtml(run, pair, { rows, chosen })}
      ${right === null ? html`<p>Only this arm has finished it. <a href="${left.address}">Its conversation</a></p>` : sidesHtml({ left, right })}
    </main>`;
  return viewPage({
    title: `${name} side by side · ${run.name}`,
    trail: [
      { name: run.name, address: runAddress(run.name) },
      { name: "Side by side", address: pairsAddress(run.name) },
      { name, address: pairAddress(run.name, pair) },
    ],
    body,
  });
}

/** In the order of the run's plan. */
function episodesOf(run: RunSource, pair: PairKey): readonly EpisodeRow[] {
  const cells = run.identity.cells.map(({ cellId }) => cellId);
  return run.rows
    .filter(
      ({ domain, taskId, trial, load, repetition }) =>
        domain === pair.domain &&
        taskId === pair.taskId &&
        trial === pair.trial &&
        load === pair.load &&
        repetition === pair.repetition,
    )
    .toSorted((a, b) => cells.indexOf(a.cellId) - cells.indexOf(b.cellId));
}

/** The baseline is a raw arm, else the first; beside it what was asked for, else the first gateway, else the next. null: there is none. */
function chosenRows(
  run: RunSource,
  rows: readonly EpisodeRow[],
  { left, right }: Choice,
): readonly [EpisodeRow, EpisodeRow | null] | null {
  const kinds = new Map(run.identity.cells.map(({ cellId, armKind }) => [cellId, armKind] as const));
  const named = (arm: string | null) => (arm === null || rows.length === 0 ? undefined : rowOf(arm, rows));
  const first = named(left) ?? rows.find(({ cellId }) => kinds.get(cellId) === "raw") ?? rows[0];
  if (first === undefined) return null;
  const others = rows.filter((row) => row !== first);
  const asked = others.find((row) => row === named(right));
  // A null proxy is there to be subtracted.
  const telling = others.find(({ cellId }) => !["raw", "null-proxy"].includes(kinds.get(cellId) ?? ""));
  return [first, asked ?? telling ?? others[0] ?? null];
}

/** Throws ConfigError for an arm that has not finished the task: beside another one it would look like the one that was asked for. */
function rowOf(arm: string, rows: readonly EpisodeRow[]): EpisodeRow {
  const found = rows.find((row) => row.arm === arm);
  if (found !== undefined) return found;
  const known = rows.map((row) => row.arm).join(", ");
  throw new ConfigError(`No arm ${arm} has finished this task and trial at this load; there are ${known}.`);
}

async function readShown(run: RunSource, { episodeId }: EpisodeRow): Promise<ShownEpisode | null> {
  const whole = await readWholeEpisode(run, episodeId);
  return whole === null ? null : await shownEpisode(run, whole, false);
}

function armsHtml(
  run: RunSource,
  pair: PairKey,
  {
    rows,
    chosen: [left, right],
  }: { readonly rows: readonly EpisodeRow[]; readonly chosen: readonly [EpisodeRow, EpisodeRow | null] },
): Html {
  const address = (arm: string) =>
    `${pairAddress(run.name, pair)}&left=${encodeURIComponent(left.arm)}&right=${encodeURIComponent(arm)}`;
  const seconds = ({ startedNs, endedNs }: EpisodeRow) => (endedNs - startedNs) / 1e9;
  return html`<section id="arms">
    <div class="scroll" tabindex="0" role="region" aria-label="Arms">
      <table>
        <thead>
          <tr>
            <th scope="col" class="left">arm</th>
            <th scope="col" class="left">ended</th>
            <th scope="col" class="right">reward</th>
            <th scope="col" class="right">s</th>
            <th scope="col" class="right">beside ${left.arm}</th>
            <th scope="col" class="right">requests</th>
            <th scope="col" class="right">tools</th>
            <th scope="col" class="right">tokens in → out</th>
            <th scope="col" class="left"></th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr${row === left || row === right ? html` class="chosen"` : null}><th scope="row" class="left"><a href="${episodeAddress(run.name, row.episodeId)}">${row.arm}</a></th><td class="left">${row.status}${row.failure === null ? "" : `: ${row.failure}`}${row.termination === null ? "" : `, ${row.termination}`}</td><td class="right">${numberText(row.reward)}</td><td class="right">${numberText(seconds(row))}</td><td class="right">${row === left ? "" : `${signedText(seconds(row) - seconds(left))} s`}</td><td class="right">${row.requests}</td><td class="right">${row.toolCalls}</td><td class="right">${row.promptTokens ?? "?"} → ${row.completionTokens ?? "?"}</td><td class="left">${row === left ? "left" : row === right ? "right" : html`<a href="${address(row.arm)}">beside ${left.arm}</a>`}</td></tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function sidesHtml(sides: PairSides): Html {
  const { left, right } = sides;
  const rows = alignConversations(left.turns, right.turns);
  return html`<section id="difference">
      <h2>${differenceHeading(rows)}</h2>
      ${differenceHtml(rows, sides)} ${[left, right].map(endHtml)}
    </section>
    ${pairTimes(sides)}
    <section id="conversation">
      <h2>Conversations</h2>
      ${rowsHtml(rows, sides, new TextBudget())}
    </section>`;
}

function differenceHeading(rows: readonly AlignedRow[]): string {
  if (rows.length === 0) return "No conversation was kept";
  return rows.every(({ equal }) => equal)
    ? "The two conversations are the same"
    : "The two conversations differ";
}

function differenceHtml(rows: readonly AlignedRow[], sides: PairSides): Html {
  const at = rows.findIndex(({ equal }) => !equal);
  const first = rows[at];
  return html`${promptHtml(rows, sides)}${first === undefined ? null : html`<p><a href="#first-difference">The first difference</a> is in turn ${first.turn}, after ${at} equal messages: ${differenceText(first, sides)}.</p>`}`;
}

function differenceText({ left, right }: AlignedRow, { left: one, right: other }: PairSides): string {
  if (left !== null && right !== null) return whatDiffers(left, right) ?? "nothing";
  const [there, arm] = left === null ? [right, other] : [left, one];
  return `only ${arm.whole.record.arm} has a message there, of the ${there?.message.role ?? "user"}`;
}

/** Why one ended as it did, where its record says it in words: often that is why the other goes on. */
function endHtml({ whole: { record } }: ShownEpisode): Html | null {
  const { arm, failure, termination, terminationDetail } = record;
  if (failure !== null)
    return html`<p><strong class="bad">${arm} failed: ${failure.class}</strong>: ${failure.message}</p>`;
  return terminationDetail == null
    ? null
    : html`<p>${arm} ended by ${termination ?? record.status}: ${terminationDetail}</p>`;
}

/** Equal conversations whose prompts have unlike lengths were told to the model in unlike ways: that may be why it goes on otherwise. */
function promptHtml(rows: readonly AlignedRow[], { left, right }: PairSides): Html | null {
  for (const { left: one, right: other, equal } of rows) {
    if (one === null || other === null || one.message.role === "tool" || other.message.role === "tool")
      return null;
    const [before, after] = [one.message.usage, other.message.usage];
    if (
      one.message.role === "assistant" &&
      before !== null &&
      after !== null &&
      before.promptTokens !== after.promptTokens
    )
      return html`<p>
        Before <a href="#r${one.index}">message ${one.index + 1}</a> both conversations are the same, and yet
        its prompt has ${before.promptTokens} tokens in ${left.whole.record.arm} and ${after.promptTokens} in
        ${right.whole.record.arm}: the model did not get the same text.
      </p>`;
    if (!equal) return null;
  }
  return null;
}
