import type { Span } from "../../evidence/episode-stamps.ts";
import { durationText, numberText } from "../../report/tables/number-text.ts";
import { html, type Html } from "../html.ts";
import { engineLevels } from "./engine-levels.ts";
import { manyText } from "./shown-text.ts";
import type { ShownEpisode } from "./shown-episode.ts";
import type { ShownTurn } from "./shown-turns.ts";
import { spanOver, type WaterfallRow } from "./waterfall.ts";
import { legendHtml, waterfallHtml, type TimeLine } from "./waterfall-html.ts";

/** More requests and tools than this are drawn turn by turn, where there are turns. */
const rowsMax = 60;
/** More lines than this are not drawn. */
export const linesMax = 400;

/** Where the time went: every request and tool on one axis, or every turn where there are many. */
export function timeSection(episode: ShownEpisode, ledger: Html | null): Html {
  const { whole, rows } = episode;
  const { record, engineSamples } = whole;
  const lines = timeLines(episode);
  const bounds = episodeBounds(episode);
  const engine = engineLevels(engineSamples, bounds);
  const seconds = (bounds.endedNs - bounds.startedNs) / 1e9;
  const length = seconds < 100 ? `${numberText(seconds)} s` : durationText(seconds);
  const unit = isByTurn(episode)
    ? "a line for each turn; each turn below has its own"
    : "a line for each request and tool";
  const left = (isByTurn(episode) ? episode.turns.length : rows.length) - lines.length;
  return html`<section id="time">
    <h2>Where the time went</h2>
    ${lines.length === 0 ? html`<p>${durationText((record.endedNs - record.startedNs) / 1e9)} in all; of its requests and tools no times are known.</p>` : html`<p>${length}, ${unit}. Choose one to see its stamps. Where there is no bar, the agent program or the harness works.</p>`}
    ${legendHtml(lines)}
    ${waterfallHtml("Times of the episode", { lines, levels: engine?.lines ?? [] }, bounds)}
    ${left === 0 || lines.length === 0 ? null : html`<p class="none">${manyText(left, "more line")} not drawn.</p>`}
    ${engine === null ? null : html`<p class="none">${engine.text}</p>`}
    ${absencesOf(episode).map((text) => html`<p class="none">${text}</p>`)} ${ledger}
  </section>`;
}

/** From its start to its end, and as far as its requests reach beyond. */
export function episodeBounds({ whole: { record }, rows }: ShownEpisode): Span {
  return spanOver([record, ...rows]);
}

function isByTurn({ rows, turns }: ShownEpisode): boolean {
  return rows.length > rowsMax && turns.length > 1;
}

export function timeLines(episode: ShownEpisode): readonly TimeLine[] {
  const lines = isByTurn(episode) ? episode.turns.flatMap(turnLine) : episode.rows.map(rowLine);
  return lines.slice(0, linesMax);
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
  if (rows.length === 0) return [];
  return [
    {
      label: `turn ${number}`,
      target: `#turn${number}`,
      failed: rows.some(({ failed }) => failed),
      parts: rows.flatMap(({ parts }) => parts),
      ...spanOver(rows),
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
      ? "a mean over the segment is not known either"
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
          `For ${manyText(unsplit, "request")} the engine's answer was not streamed, so when its first token was made is not known.`,
        ]),
    ...(calls === 0
      ? []
      : [
          `For ${manyText(calls, "request")} nothing was seen at the engine, or it cannot be told which request it was: gateway and engine are one part.`,
        ]),
  ];
}
