import { html, type Html } from "../html.ts";
import { countText, cut, oneLine, shownText } from "./shown-text.ts";
import { indentedJson } from "./indented-json.ts";

/** How many characters of long texts a page may still hold: 200 tool results of a megabyte must not make a page of 200. */
export class TextBudget {
  #left = 3_000_000;

  take(wanted: number): number {
    const given = Math.min(wanted, this.#left);
    this.#left -= given;
    return given;
  }
}

/** Of one text, in a page of many. */
const inPageMax = 100_000;
/** Of a text that the page cannot hold any more, so that it can still be told from others. */
const leastShown = 500;

export interface TextPlace {
  readonly budget: TextBudget;
  /** Where the whole of it is shown; null where it is not. */
  readonly whole: string | null;
  /** Longer ones, and those of more lines, are folded. */
  readonly openMax: number;
  /** A JSON text is laid out by its members; every character of it stays as it is, and only white space is added. */
  readonly json?: boolean;
}

const openLinesMax = 30;

/** A text of a run: open where it is short, folded where it is long, cut where it is very long. */
export function textBlock(text: string, { budget, whole, openMax, json = false }: TextPlace): Html {
  if (text === "") return html`<p class="none">(an empty text)</p>`;
  const { shown, left } = cut(text, Math.max(leastShown, budget.take(Math.min(text.length, inPageMax))));
  const laidOut = json && left === 0 ? (indentedJson(shown) ?? shown) : shown;
  const folded = text.length > openMax || linesOf(laidOut) > openLinesMax;
  const block = html`<pre class="text" dir="auto">
${shownText(folded || shown.length > 80 ? laidOut : shown)}</pre>
    ${moreOf(left, whole)}`;
  if (!folded) return block;
  return html`<details class="long">
    <summary>
      <span class="begin" dir="auto">${oneLine(text, 120)}</span>
      <span class="size">${countText(text.length)} characters</span>
    </summary>
    ${block}
  </details>`;
}

function moreOf(left: number, whole: string | null): Html | null {
  if (left === 0) return null;
  const link = whole === null ? null : html` <a href="${whole}">The whole text</a>`;
  return html`<p class="none">${countText(left)} more characters.${link}</p>`;
}

function linesOf(text: string): number {
  return text.split("\n").length;
}
