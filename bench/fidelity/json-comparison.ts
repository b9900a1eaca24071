import {
  around,
  patternOf,
  placeText,
  shownValue,
  textChange,
  type Alteration,
  type Place,
} from "./difference.ts";

/**
 * What is treated as equal although it is not the same JSON: the name of the form, or null for a difference. An absent
 * member is undefined.
 */
export type AlikeRule = (place: Place, sent: unknown, received: unknown) => string | null;

/** A list whose members are told apart by what they are, and not by where they stand: true where it is compared. */
export type ListRule = (
  comparison: JsonComparison,
  place: Place,
  lists: { readonly sent: readonly unknown[]; readonly received: readonly unknown[] },
) => boolean;

/** Compares two JSON values, up to the order of keys, the spelling of numbers and `null` for an absent member. */
export class JsonComparison {
  readonly differences: Alteration[] = [];
  readonly forms = new Set<string>();
  readonly #alike: AlikeRule;
  readonly #list: ListRule;

  constructor(alike: AlikeRule, list: ListRule) {
    this.#alike = alike;
    this.#list = list;
  }

  /** Whether there is no difference; its forms are then taken over. */
  same(place: Place, sent: unknown, received: unknown): boolean {
    const trial = new JsonComparison(this.#alike, this.#list);
    trial.compare(place, sent, received);
    if (trial.differences.length > 0) return false;
    for (const form of trial.forms) this.forms.add(form);
    return true;
  }

  compare(place: Place, sent: unknown, received: unknown): void {
    if (sent === received) return;
    const form = sent == null && received == null ? "null or absent" : this.#alike(place, sent, received);
    if (form !== null) {
      this.forms.add(form);
    } else if (Array.isArray(sent) && Array.isArray(received)) {
      if (!this.#list(this, place, { sent, received })) this.#members(place, sent, received);
    } else if (isObject(sent) && isObject(received)) {
      this.#objects(place, sent, received);
    } else {
      this.differences.push(valueDifference(place, sent, received));
    }
  }

  add(difference: Alteration): void {
    this.differences.push(difference);
  }

  #members(place: Place, sent: readonly unknown[], received: readonly unknown[]): void {
    if (sent.length !== received.length) {
      this.differences.push(valueDifference(place, sent, received));
      return;
    }
    for (const [index, value] of sent.entries()) this.compare([...place, index], value, received[index]);
  }

  #objects(place: Place, sent: Members, received: Members): void {
    const [before, after] = [Object.keys(sent), Object.keys(received)];
    const kept = before.filter((key) => Object.hasOwn(received, key));
    const keptAfter = after.filter((key) => Object.hasOwn(sent, key));
    if (kept.some((key, at) => key !== keptAfter[at])) this.forms.add("order of keys");
    for (const key of before) this.compare([...place, key], sent[key], received[key]);
    for (const key of after)
      if (!Object.hasOwn(sent, key)) this.compare([...place, key], undefined, received[key]);
  }
}

export type Members = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a sentence says of one value. */
export function valueDifference(place: Place, sent: unknown, received: unknown): Alteration {
  const name = placeText(place);
  const base = { place, before: textOf(sent), after: textOf(received) };
  if (received == null)
    return {
      ...base,
      about: `${patternOf(place)} removed`,
      what: `${name} ${shownValue(sent)} was sent and did not reach the engine`,
    };
  if (sent == null)
    return {
      ...base,
      about: `${patternOf(place)} added`,
      what: `${name} was not sent, and ${shownValue(received)} reached the engine`,
    };
  const about = `${patternOf(place)} changed`;
  if (typeof sent === "string" && typeof received === "string" && (sent.length > 40 || received.length > 40))
    return longTextDifference(place, sent, received);
  const what = `${name} ${shownValue(sent)} was sent, ${shownValue(received)} reached the engine`;
  return { ...base, about, what };
}

function longTextDifference(place: Place, sent: string, received: string): Alteration {
  const shown = around(sent, received);
  const what = `${placeText(place)} ${textChange(sent, received)}: ${shownValue(shown.before)} was sent, ${shownValue(shown.after)} reached the engine`;
  return { place, ...shown, about: `${patternOf(place)} changed`, what };
}

const textOf = (value: unknown) => (value === undefined ? null : shownValue(value));
