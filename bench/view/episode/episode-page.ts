import { placeOf } from "../../store/place.ts";
import { episodeLedgerTable } from "../../report/tables/ledger-tables.ts";
import { numberText } from "../../report/tables/number-text.ts";
import { episodeAddress, episodesAddress, pairAddress, runAddress } from "../addresses.ts";
import { html, type Html } from "../html.ts";
import { viewPage } from "../page-frame.ts";
import type { RunSource } from "../run-source.ts";
import { changesHtml } from "./change-html.ts";
import { conversationHtml } from "./conversation-html.ts";
import { headHtml } from "./head-html.ts";
import { recordedCalls } from "./recorded-calls.ts";
import { rewardHtml } from "./reward-html.ts";
import { shownEpisode, type ShownEpisode } from "./shown-episode.ts";
import { tableHtml } from "./table-html.ts";
import { textBlock, TextBudget } from "./text-block.ts";
import { timeSection } from "./time-section.ts";
import type { WholeEpisode } from "./whole-episode.ts";

/** What is read although it takes long. */
export interface Wanted {
  readonly bodies: boolean;
  readonly tokens: boolean;
}

export async function wholeEpisodePage(run: RunSource, whole: WholeEpisode, wanted: Wanted): Promise<string> {
  const episode = await shownEpisode(run, whole, wanted.bodies);
  const { record, ledger, notes } = whole;
  const budget = new TextBudget();
  const task = `${record.domain}/${record.taskId}`;
  // Spoken texts first: where a page has no room for all, the record at its end is the least.
  const conversation = conversationHtml(episode, budget);
  const body = html`${headHtml(run, whole, linksHtml(run, whole))}
    <main>
      ${
        notes.length === 0
          ? null
          : html`<section class="notice">
              <h2>Not everything is here</h2>
              <ul>
                ${notes.map((note) => html`<li>${note}</li>`)}
              </ul>
            </section>`
      }
      ${timeSection(episode, ledger === null ? null : ledgerHtml(episode))} ${rewardHtml(whole, budget)}
      ${changesHtml(episode.changes, (change) => `#q${whole.requests.indexOf(change.request)}`, { notRead: episode.notRead, fidelity: whole.fidelity })}
      ${conversation} ${await recordedCalls(run, episode, wanted.tokens)}
      <section id="record">
        <h2>Record</h2>
        ${textBlock(JSON.stringify(record), { budget, whole: null, openMax: 0, json: true })}
      </section>
    </main>`;
  return viewPage({ title: `${task} · ${record.arm} · ${run.name}`, trail: trailOf(run, whole), body });
}

/** The way to an episode. */
export function trailOf(run: RunSource, { record }: WholeEpisode) {
  return [
    { name: run.name, address: runAddress(run.name) },
    { name: "Episodes", address: episodesAddress(run.name) },
    { name: record.episodeId, address: episodeAddress(run.name, record.episodeId) },
  ];
}

function ledgerHtml({ whole: { ledger } }: ShownEpisode): Html | null {
  return ledger === null
    ? null
    : html`<details class="long">
        <summary>Time by turn, as a table</summary>
        ${tableHtml(episodeLedgerTable(ledger))}
      </details>`;
}

/** The same task elsewhere: the arms side by side, and its other trials. */
function linksHtml(run: RunSource, { record }: WholeEpisode): Html | null {
  const same = run.rows.filter(({ domain, taskId }) => domain === record.domain && taskId === record.taskId);
  const place = placeOf(record);
  const pair = same.filter(
    ({ trial, load, repetition }) =>
      trial === record.trial && load === place && repetition === record.repetition,
  );
  const arms = new Set(pair.map(({ arm }) => arm));
  const others = pair.filter(({ arm }) => arm !== record.arm);
  const list = html`<a href="${episodesAddress(run.name, { task: `${record.domain}/${record.taskId}` })}"
    >${same.length === 1 ? "the only episode" : `all ${same.length} episodes`} of this task</a
  >`;
  if (arms.size < 2) return html`<p class="links">${list}</p>`;
  return html`<p class="links">
    <a href="${pairAddress(run.name, { ...record, load: place })}">${[...arms].join(" | ")} side by side</a>
    ${others.map(
      ({ arm, episodeId, reward, status }) =>
        html`<a href="${episodeAddress(run.name, episodeId)}"
          >${arm}: ${reward === null ? status : `reward ${numberText(reward)}`}</a
        > `,
    )}${list}
  </p>`;
}
