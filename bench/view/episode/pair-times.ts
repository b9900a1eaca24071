import { numberText, signedText } from "../../report/tables/number-text.ts";
import { html, type Html } from "../html.ts";
import { pathMs } from "./request-html.ts";
import type { PairSides } from "./pair-rows.ts";
import type { ShownEpisode } from "./shown-episode.ts";
import type { ShownTurn } from "./shown-turns.ts";
import { episodeBounds, timeLines } from "./time-section.ts";
import { spanOver } from "./waterfall.ts";
import { legendHtml, waterfallHtml } from "./waterfall-html.ts";

/** Where the time of two episodes went, on one scale, and turn by turn. */
export function pairTimes({ left, right }: PairSides): Html | null {
  const sides = [left, right].map((side) => ({ side, lines: timeLines(side), bounds: episodeBounds(side) }));
  if (sides.every(({ lines }) => lines.length === 0)) return null;
  const lengthNs = Math.max(...sides.map(({ bounds }) => bounds.endedNs - bounds.startedNs));
  return html`<section id="time">
    <h2>Where the time went</h2>
    ${legendHtml(sides.flatMap(({ lines }) => lines))}
    ${sides.map(({ side, lines, bounds }) => {
      const { arm } = side.whole.record;
      const scaled = { startedNs: bounds.startedNs, endedNs: bounds.startedNs + lengthNs };
      // Their stamps are on the page of the episode.
      const linked = lines.map((line) => ({ ...line, target: `${side.address}${line.target}` }));
      return html`<h3>${arm}</h3>
        ${waterfallHtml(`Times in ${arm}`, { lines: linked }, scaled) ?? html`<p class="none">No times are known.</p>`}`;
    })}
    ${turnTable({ left, right })}
  </section>`;
}

function turnTable({ left, right }: PairSides): Html | null {
  const turns = Math.max(left.turns.length, right.turns.length);
  const [one, other] = [left.whole.record.arm, right.whole.record.arm];
  const rows = Array.from({ length: turns }, (_, at) => {
    const [before, after] = [turnSums(left, left.turns[at]), turnSums(right, right.turns[at])];
    const difference = before === null || after === null ? null : after.seconds - before.seconds;
    return html`<tr>
      <th scope="row" class="left">${at + 1}</th>
      ${[before, after].map(
        (sums) =>
          html`<td class="right">${numberText(sums?.seconds ?? null)}</td>
            <td class="right">${sums === null ? "-" : sums.requests}</td>
            <td class="right">${numberText(sums?.pathMs ?? null)}</td>`,
      )}
      <td class="right">${difference === null ? "-" : signedText(difference)}</td>
    </tr>`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Turns">
    <table>
      <caption>
        Turn by turn
      </caption>
      <thead>
        <tr>
          <th scope="col" class="left">turn</th>
          ${[one, other].map(
            (arm) =>
              html`<th scope="col" class="right">${arm}: s</th>
                <th scope="col" class="right">model requests</th>
                <th scope="col" class="right">between the taps, ms</th>`,
          )}
          <th scope="col" class="right">${other} − ${one}: s</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

interface TurnSums {
  readonly seconds: number;
  readonly requests: number;
  /** Of all its requests; null where that of one is not known. */
  readonly pathMs: number | null;
}

function turnSums({ whole }: ShownEpisode, turn: ShownTurn | undefined): TurnSums | null {
  if (turn === undefined || turn.rows.length === 0) return null;
  const { startedNs, endedNs } = spanOver(turn.rows);
  const requests = turn.rows
    .filter(({ kind }) => kind === "agent")
    .flatMap(({ index }) => whole.requests[index] ?? []);
  const paths = requests.map(pathMs);
  const known = paths.flatMap((ms) => ms ?? []);
  return {
    seconds: (endedNs - startedNs) / 1e9,
    requests: requests.length,
    pathMs:
      requests.length === 0 || known.length < paths.length ? null : known.reduce((sum, ms) => sum + ms, 0),
  };
}
