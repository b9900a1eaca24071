import { numberText } from "../../report/tables/number-text.ts";
import { tapLatencies } from "../../evidence/request-latencies.ts";
import { html, type Html } from "../html.ts";
import { diffHtml } from "./diff-html.ts";
import { whatDiffers, type AlignedRow } from "./pair-alignment.ts";
import { pathMs, tokensText } from "./request-html.ts";
import type { ShownEpisode } from "./shown-episode.ts";
import type { PlacedMessage } from "./shown-turns.ts";

import { textBlock, type TextBudget } from "./text-block.ts";

/** Two episodes that are compared. */
export interface PairSides {
  readonly left: ShownEpisode;
  readonly right: ShownEpisode;
}

/** Equal messages in a row, beyond the first of them and the last, are folded. */
const equalShown = 2;

/** Conversations side by side: what is equal folded, what differs marked. */
export function rowsHtml(rows: readonly AlignedRow[], sides: PairSides, budget: TextBudget): Html {
  const first = rows.findIndex(({ equal }) => !equal);
  const groups = equalGroups(rows);
  return html`<div class="pair">
    <div class="pair-row pair-head">
      <div>${sides.left.whole.record.arm}</div>
      <div>${sides.right.whole.record.arm}</div>
    </div>
    ${groups.map((group) => {
      const drawn = group.map(({ row, at }) =>
        rowHtml(row, {
          sides,
          budget,
          first: at === first,
          turn: at === 0 || rows[at - 1]?.turn !== row.turn,
        }),
      );
      if (group.length <= equalShown || group[0]?.row.equal !== true) return drawn;
      return html`<details class="equal">
        <summary>${group.length} equal messages</summary>
        ${drawn}
      </details>`;
    })}
  </div>`;
}

interface PlacedRow {
  readonly row: AlignedRow;
  readonly at: number;
}

/** Rows that follow each other and are equal, or are not. */
function equalGroups(rows: readonly AlignedRow[]): readonly (readonly PlacedRow[])[] {
  const groups: PlacedRow[][] = [];
  for (const [at, row] of rows.entries()) {
    const last = groups.at(-1);
    if (last !== undefined && last[0]?.row.equal === row.equal) last.push({ row, at });
    else groups.push([{ row, at }]);
  }
  return groups;
}

interface RowContext {
  readonly sides: PairSides;
  readonly budget: TextBudget;
  /** Whether it is the first that differs, and the first of its turn. */
  readonly first: boolean;
  readonly turn: boolean;
}

function rowHtml(row: AlignedRow, { sides, budget, first, turn }: RowContext): Html {
  const { left, right, equal } = row;
  const cells = (
    [
      [left, sides.left],
      [right, sides.right],
    ] as const
  ).map(
    ([placed, side]) =>
      html`<div class="pair-cell" data-arm="${side.whole.record.arm}">
        ${placed === null ? html`<p class="none">(nothing beside it)</p>` : cellHtml(placed, { side, budget })}
      </div>`,
  );
  return html`${turn ? html`<h3 class="pair-turn">Turn ${row.turn}</h3>` : null}${first ? html`<p class="first-difference" id="first-difference">First difference</p>` : null}
    <div class="pair-row ${equal ? "same" : "differs"}" ${left === null ? null : html` id="r${left.index}"`}>
      ${cells}
    </div>
    ${equal || left === null || right === null ? null : changeHtml(left, right, sides)}`;
}

function changeHtml(left: PlacedMessage, right: PlacedMessage, sides: PairSides): Html {
  const { left: one, right: other } = sides;
  const names = { from: `only ${one.whole.record.arm}`, to: `only ${other.whole.record.arm}` };
  return html`<details class="pair-diff">
    <summary>What differs: ${whatDiffers(left, right) ?? "nothing"}</summary>
    ${diffHtml(saidText(left), saidText(right), { ...names, charactersMax: 20_000 })}
  </details>`;
}

/** A message as one text. */
function saidText({ message }: PlacedMessage): string {
  if (message.role === "tool") return message.content;
  const { reasoning, content, toolCalls } = message;
  return [
    ...(reasoning === undefined ? [] : [`(reasoning) ${reasoning}`]),
    ...(content === null || content === "" ? [] : [content]),
    ...(toolCalls ?? []).map(({ name, arguments: text }) => `${name}(${text})`),
  ].join("\n");
}

function cellHtml(
  placed: PlacedMessage,
  { side, budget }: { readonly side: ShownEpisode; readonly budget: TextBudget },
): Html {
  const { index, message, toolName } = placed;
  const whole = `${side.address}?message=${index}`;
  const who = message.role === "tool" ? `result of ${toolName ?? "a tool"}` : message.role;
  const error = message.role === "tool" && message.error;
  return html`<article class="msg ${message.role}${error ? " error" : ""}">
    <header>
      <span class="who">${who}</span>${error ? html` <strong class="bad">error</strong>` : null}
      <span class="facts">${factsOf(placed, side).join(" · ")}</span
      ><a class="anchor" href="${side.address}#m${index}" aria-label="Message ${index + 1} on its page"
        >#${index + 1}</a
      >
    </header>
    ${textBlock(saidText(placed), { budget, whole, openMax: 900, json: message.role === "tool" })}
  </article>`;
}

function factsOf({ message, requests, toolRun }: PlacedMessage, { whole }: ShownEpisode): readonly string[] {
  const run = toolRun === null ? undefined : whole.toolRuns[toolRun];
  if (run !== undefined) return [`${numberText((run.endedNs - run.receivedNs) / 1e6)} ms`];
  const [request] = requests.flatMap((index) => whole.requests[index] ?? []);
  const usage = message.role === "tool" ? null : message.usage;
  if (request === undefined) return usage === null ? [] : [tokensText(usage)];
  const { ttft, e2e } = tapLatencies;
  const path = pathMs(request);
  return [
    ...(ttft(request.outer) === null ? [] : [`TTFT ${numberText(ttft(request.outer))} ms`]),
    `E2E ${numberText(e2e(request.outer))} ms`,
    ...(path === null ? [] : [`between the taps ${numberText(path)} ms`]),
    ...(usage === null ? [] : [tokensText(usage)]),
  ];
}
