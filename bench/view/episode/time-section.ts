import { durationText, numberText } from "../../report/tables/number-text.ts";
import { html, type Html } from "../html.ts";
import type { ShownEpisode } from "./shown-episode.ts";
import type { ShownTurn } from "./shown-turns.ts";
import type { WaterfallRow } from "./waterfall.ts";
import { legendHtml, waterfallHtml, type TimeLine } from "./waterfall-html.ts";

/** More requests and tools than this are drawn turn by turn. */
const linesMax = 60;

/** Where the time went: every request and tool on one axis, or every turn where there are many. */
export function timeSection(episode: ShownEpisode, ledger: Html | null): Html {
  const { whole, rows } = episode;
  const { record } = whole;
  const lines = timeLines(episode);
  const bounds = {
    startedNs: Math.min(record.startedNs, ...rows.map(({ startedNs }) => startedNs)),
    endedNs: Math.max(record.endedNs, ...rows.map(({ endedNs }) => endedNs)),
  };
  const unit =
    lines.length < rows.length
      ? "a line for each turn; each turn below has its own"
      : "a line for each request and tool";
  return html`<section id="time">
    <h2>Where the time went</h2>
    ${lines.length === 0 ? html`<p>${durationText((record.endedNs - record.startedNs) / 1e9)} in all; of its requests and tools no times are known.</p>` : html`<p>${numberText((bounds.endedNs - bounds.startedNs) / 1e9)} s, ${unit}. Choose one to see its stamps.</p>`}
    ${legendHtml(lines)} ${waterfallHtml("Times of the episode", lines, bounds)}
    ${absencesOf(episode).map((text) => html`<p class="none">${text}</p>`)} ${ledger}
  </section>`;
}

export function timeLines({ rows, turns }: ShownEpisode): readonly TimeLine[] {
  return rows.length <= linesMax || turns.length === 1 ? rows.map(rowLine) : turns.flatMap(turnLine);
}

export function rowLine(row: WaterfallRow): TimeLine {
  const { kind, number, name, index, failed, parts, startedNs, endedNs, firstTokenNs } = row;
  return {
    label: kind === "tool" ? name : `${name} ${number}`,
    target: kind === "tool" ? `#t${index}` : `#q${index}`,
    failed,
    parts,
    startedNs,
    endedNs,
    firstTokensNs: firstTokenNs === null ? [] : [firstTokenNs],
  };
}

function turnLine({ number, rows }: ShownTurn): readonly TimeLine[] {
  const [first] = rows;
  if (first === undefined) return [];
  return [
    {
      label: `turn ${number}`,
      target: `#turn${number}`,
      failed: rows.some(({ failed }) => failed),
      parts: rows.flatMap(({ parts }) => parts),
      startedNs: first.startedNs,
      endedNs: Math.max(...rows.map(({ endedNs }) => endedNs)),
      firstTokensNs: [],
    },
  ];
}

/** What the picture cannot show, and why. */
function absencesOf({ rows, whole }: ShownEpisode): readonly string[] {
  const agent = rows.filter(({ kind }) => kind === "agent");
  const has = (stretch: string) =>
    agent.filter(({ parts }) => parts.some((part) => part.stretch === stretch)).length;
  const [together, unsplit, calls] = [has("firstToken"), has("engine"), has("call")];
  const mean = whole.queueSecondsMean;
  const queue =
    mean === null
      ? "and it tells no mean either"
      : `on average a request of this segment waited ${numberText(mean * 1e3)} ms in its queue, by its own counters`;
  return [
    ...(together === 0
      ? []
      : [
          `Queue and prefill are one part for ${together} of ${agent.length} requests: the engine does not say of a single one how long it waited; ${queue}.`,
        ]),
    ...(unsplit === 0
      ? []
      : [
          `${unsplit} answers were not streamed between gateway and engine, so when their first token was made is not known.`,
        ]),
    ...(calls === 0
      ? []
      : [
          `For ${calls} requests nothing was seen at the engine, or it cannot be told which request it was: gateway and engine are one part.`,
        ]),
  ];
}
