import { deltaOf } from "../../tap/body-delta.ts";
import { html, type Html } from "../html.ts";
import { countText, cut, isHighSurrogate, shownText } from "./shown-text.ts";
import { diffTexts, type DiffPiece } from "./text-diff.ts";

export interface DiffOptions {
  /** What the two texts are. */
  readonly from: string;
  readonly to: string;
  /** How much of longer texts is compared, from a little before their first difference on. */
  readonly charactersMax: number;
}

/** Two texts in one: what is only in the first is struck, what is only in the second is underlined. null: absent. */
export function diffHtml(before: string | null, after: string | null, options: DiffOptions): Html {
  const { from, to, charactersMax } = options;
  if (before === null || after === null) {
    const [name, text] = before === null ? [to, after ?? ""] : [from, before];
    const { shown, left } = cut(text, charactersMax);
    const marked =
      before === null ? html`<ins>${shownText(shown)}</ins>` : html`<del>${shownText(shown)}</del>`;
    const rest = left > 0 ? ` ${countText(left)} more characters.` : "";
    return html`${diffBlock(marked)}
      <p class="none">One side alone: ${name}.${rest}</p>`;
  }
  const start = startOf(before, after, charactersMax);
  const [left, right] = [cut(before.slice(start), charactersMax), cut(after.slice(start), charactersMax)];
  const pieces = diffTexts(left.shown, right.shown);
  const rest =
    start + left.left + right.left > 0
      ? html` Of ${countText(before.length)} and ${countText(after.length)} characters,
        ${countText(charactersMax)} from the ${countText(start)}th on.`
      : null;
  return html`${diffBlock(pieces.map(pieceHtml))}
    <p class="none"><del>${from}</del> <ins>${to}</ins>${rest}</p>`;
}

/** White space counts in it, so no formatter may lay it out. */
function diffBlock(content: Html | readonly Html[]): Html {
  return html`<pre class="text diff" dir="auto">${content}</pre>`;
}

/** What is equal before the first difference of long texts is left out, up to this. */
const leadIn = 2_000;

function startOf(before: string, after: string, charactersMax: number): number {
  if (Math.max(before.length, after.length) <= charactersMax) return 0;
  const start = Math.max(0, deltaOf(before, after).prefix - leadIn);
  return isHighSurrogate(before.charCodeAt(start - 1)) ? start - 1 : start;
}

/** Of a long part that both have the ends beside the differences are enough. */
const contextMax = 300;

function pieceHtml({ of, text }: DiffPiece, at: number, all: readonly DiffPiece[]): Html {
  if (of === "left") return html`<del>${shownText(text)}</del>`;
  if (of === "right") return html`<ins>${shownText(text)}</ins>`;
  const [first, last] = [at === 0, at === all.length - 1];
  const kept = (first ? 0 : contextMax) + (last ? 0 : contextMax);
  if (all.length === 1 || text.length <= kept + 100) return shownText(text);
  const head = first ? "" : cut(text, contextMax).shown;
  const tail = last ? "" : text.slice(text.length - contextMax).replace(/^[\u{dc00}-\u{dfff}]/u, "");
  return html`${shownText(head)}<span class="skipped"
      >… ${countText(text.length - head.length - tail.length)} equal characters …</span
    >${shownText(tail)}`;
}
