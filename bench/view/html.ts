import { escapeHtml } from "../report/formats/svg.ts";

/** Text that is HTML already. Made by `html`, which escapes what it is given, or by `trusted` from a part that does. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Of a picture or a table that the report's own code has made, and escaped. Never of anything that stands in a run. */
export function trusted(text: string): Html {
  return new Html(text);
}

export type HtmlPart = Html | string | number | null | readonly HtmlPart[];

/** A template whose values are escaped unless they are HTML already: to forget it is not possible. null is nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlPart[]): Html {
  return new Html(
    strings.map((text, at) => text + (at < values.length ? partText(values[at] ?? null) : "")).join(""),
  );
}

function partText(part: HtmlPart): string {
  if (part === null) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(partText).join("");
  return escapeHtml(visible(String(part)));
}

/**
 * What a browser would carry out or hide instead of showing it is shown by its code: control characters, marks that turn the direction
 * of writing (a file name could end in another type than it seems to), marks without width, half of a character.
 */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}--[\n\t]]|[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]|\p{Cs}/gv,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
