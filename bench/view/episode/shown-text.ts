import { escapeHtml } from "../../report/formats/svg.ts";
import { trusted, type Html } from "../html.ts";

/**
 * Characters that a reader cannot see, or that move others about: control and format characters, line separators that are no
 * newline, halves of pairs. The joiners stay: words of some languages and many emoji are made with them.
 */
const unseen = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\n\t\u200c\u200d]]+/gv;

/** Text of a run as HTML: nothing in it is markup, and what is invisible or turns the direction of its neighbours is shown by its code. */
export function shownText(text: string): Html {
  let html = "";
  let from = 0;
  for (const { 0: characters, index } of text.matchAll(unseen)) {
    html += `${escapeHtml(text.slice(from, index))}<span class="unseen">${escapesOf(characters)}</span>`;
    from = index + characters.length;
  }
  return trusted(html + escapeHtml(text.slice(from)));
}

const short: ReadonlyMap<string, string> = new Map([
  ["\r", "\\r"],
  ["\b", "\\b"],
  ["\f", "\\f"],
]);
/** More of one kind in a row are counted instead. */
const repeatedMax = 4;

function escapesOf(characters: string): string {
  let escapes = "";
  let repeated = 0;
  const all = Array.from(characters);
  for (const [at, character] of all.entries()) {
    repeated = character === all[at - 1] ? repeated + 1 : 1;
    if (repeated <= repeatedMax) escapes += escapeOf(character);
    if (repeated > repeatedMax && character !== all[at + 1]) escapes += `(×${repeated})`;
  }
  return escapes;
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return short.get(character) ?? (code > 0xff_ff ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`);
}

/** The first characters of a text, never half of a pair, and how many were left out. */
export function cut(text: string, charactersMax: number): { readonly shown: string; readonly left: number } {
  if (text.length <= charactersMax) return { shown: text, left: 0 };
  const end = isHighSurrogate(text.charCodeAt(charactersMax - 1)) ? charactersMax - 1 : charactersMax;
  return { shown: text.slice(0, end), left: text.length - end };
}

export function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd8_00 && unit <= 0xdb_ff;
}

/** The beginning of a text on one line, for a heading or a summary. */
export function oneLine(text: string, charactersMax: number): string {
  const beginning = text.slice(0, charactersMax * 4);
  const { shown, left } = cut(beginning.replaceAll(/\s+/g, " ").trim(), charactersMax);
  return left > 0 || beginning.length < text.length ? `${shown}…` : shown;
}

/** `1 request`, `2 requests` */
export function manyText(count: number, one: string): string {
  return `${countText(count)} ${one}${count === 1 ? "" : "s"}`;
}

/** `12,345` */
export function countText(count: number): string {
  return count.toLocaleString("en-US");
}
