/** Where a value stands in a body: `["messages", 2, "content"]`. */
export type Place = readonly (string | number)[];

/** Something that is not the same on both sides of an arm. */
export interface Alteration {
  readonly place: Place;
  /** What happened, without positions: differences of one kind are counted together. */
  readonly about: string;
  /** A sentence without its end. */
  readonly what: string;
  /** From a little before the first difference on; null: absent. */
  readonly before: string | null;
  readonly after: string | null;
}

/** What two texts of one direction are compared to. */
export interface Comparison {
  readonly differences: readonly Alteration[];
  /** Other spellings of the same thing that were met. */
  readonly forms: readonly string[];
  /** What could not be compared, as it follows "cannot be known:"; none when all could. */
  readonly unknown: readonly string[];
}

/** `messages[2].content` */
export function placeText(place: Place): string {
  return place
    .map((part, at) => (typeof part === "number" ? `[${part}]` : at === 0 ? part : `.${part}`))
    .join("");
}

/** `messages[*].content` */
export function patternOf(place: Place): string {
  return place.map((part, at) => (typeof part === "number" ? "[*]" : at === 0 ? part : `.${part}`)).join("");
}

const shownMax = 60;

/** A value as a sentence can hold it. */
export function shownValue(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}

/** The parts of two texts around their first difference. */
export function around(before: string, after: string): { readonly before: string; readonly after: string } {
  let at = 0;
  while (at < before.length && at < after.length && before[at] === after[at]) at += 1;
  return { before: excerpt(before, at), after: excerpt(after, at) };
}

function excerpt(text: string, at: number): string {
  const from = Math.max(0, at - 20);
  return `${from > 0 ? "…" : ""}${text.slice(from, at + shownMax)}${text.length > at + shownMax ? "…" : ""}`;
}

/** What became of a text: cut, lengthened, or another one. */
export function textChange(before: string, after: string): string {
  if (after === "") return "was emptied";
  if (before.startsWith(after) || before.endsWith(after) || (after.length > 20 && before.includes(after)))
    return `was cut from ${before.length} to ${after.length} characters`;
  if (before !== "" && after.includes(before))
    return `was lengthened from ${before.length} to ${after.length} characters`;
  const sorted = (text: string) => text.split("").sort().join("");
  if (before.length === after.length && before.length < 20_000 && sorted(before) === sorted(after))
    return "has its parts in another order";
  return "is another text";
}
