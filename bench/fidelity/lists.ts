import { patternOf, placeText, shownValue, type Place } from "./difference.ts";
import { isObject, type JsonComparison } from "./json-comparison.ts";

interface Lists {
  readonly sent: readonly unknown[];
  readonly received: readonly unknown[];
}

/** Messages by their contents, tools by their names; other lists by position. */
export function compareLists(comparison: JsonComparison, place: Place, lists: Lists): boolean {
  const [name] = place;
  if (place.length !== 1) return false;
  if (name === "messages") compareMessages(comparison, place, lists);
  else if (name === "tools" || name === "functions") compareTools(comparison, place, lists);
  else return false;
  return true;
}

/** The lists differ in length by what was added or removed in the middle, and members that stand alone were changed. */
function compareMessages(comparison: JsonComparison, place: Place, { sent, received }: Lists): void {
  const same = (a: number, b: number) => comparison.same([...place, a], sent[a], received[b]);
  const shorter = Math.min(sent.length, received.length);
  let from = 0;
  while (from < shorter && same(from, from)) from += 1;
  let tail = 0;
  while (tail < shorter - from && same(sent.length - 1 - tail, received.length - 1 - tail)) tail += 1;
  const before = numbers(from, sent.length - tail);
  const after = numbers(from, received.length - tail);
  if (before.length === 0 && after.length === 0) return;
  if (before.length === after.length && isReordered(before, after, same)) {
    comparison.add(orderDifference(place, "messages", [sent, received]));
    return;
  }
  const { pairs, onlySent, onlyReceived } = align(before, after, { same, sent, received });
  for (const [a, b] of pairs) comparison.compare([...place, a], sent[a], received[b]);
  addedOrRemoved(comparison, place, { indexes: onlySent, values: sent, verb: "removed" });
  addedOrRemoved(comparison, place, { indexes: onlyReceived, values: received, verb: "added" });
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

type Same = (sent: number, received: number) => boolean;

/** Comparisons of one stretch; a longer one is compared by position. */
const permutedMax = 64;

function isReordered(before: readonly number[], after: readonly number[], same: Same): boolean {
  if (before.length > permutedMax) return false;
  const left = new Set(after);
  return before.every((a) => {
    const found = [...left].find((b) => same(a, b));
    return found !== undefined && left.delete(found);
  });
}

interface Alignment {
  readonly pairs: readonly (readonly [number, number])[];
  readonly onlySent: readonly number[];
  readonly onlyReceived: readonly number[];
}

/** Equal members in order, and between them those of the same role, first with first; then what is left, if as many. */
function align(
  before: readonly number[],
  after: readonly number[],
  { same, sent, received }: Lists & { readonly same: Same },
): Alignment {
  const pairs: [number, number][] = [];
  const [onlySent, onlyReceived]: [number[], number[]] = [[], []];
  const gap = (a: readonly number[], b: readonly number[]) => {
    const alone: number[] = [];
    const left = [...b];
    for (const index of a) {
      const at = left.findIndex((other) => roleOf(sent[index]) === roleOf(received[other]));
      const [other] = at === -1 ? [] : left.splice(at, 1);
      if (other === undefined) alone.push(index);
      else pairs.push([index, other]);
    }
    const paired = alone.length === left.length;
    if (paired) pairs.push(...alone.map((index, at): [number, number] => [index, left[at] ?? index]));
    onlySent.push(...(paired ? [] : alone));
    onlyReceived.push(...(paired ? [] : left));
  };
  let [a, b] = [0, 0];
  for (const [x, y] of before.length === after.length ? [] : commonOrder(before, after, same)) {
    gap(before.slice(a, x), after.slice(b, y));
    [a, b] = [x + 1, y + 1];
  }
  gap(before.slice(a), after.slice(b));
  return { pairs, onlySent, onlyReceived };
}

/** Positions of a longest common subsequence; none of a stretch that is too long for it. */
function commonOrder(before: readonly number[], after: readonly number[], same: Same): [number, number][] {
  if (before.length * after.length > permutedMax * permutedMax) return [];
  const equal = before.map((a) => after.map((b) => same(a, b)));
  const length = Array.from({ length: before.length + 1 }, () =>
    Array.from({ length: after.length + 1 }, () => 0),
  );
  const at = (x: number, y: number) => length[x]?.[y] ?? 0;
  for (let x = before.length - 1; x >= 0; x -= 1)
    for (let y = after.length - 1; y >= 0; y -= 1) {
      const row = length[x];
      if (row) row[y] = equal[x]?.[y] ? at(x + 1, y + 1) + 1 : Math.max(at(x + 1, y), at(x, y + 1));
    }
  const found: [number, number][] = [];
  for (let [x, y] = [0, 0]; x < before.length && y < after.length;) {
    if (equal[x]?.[y]) found.push([x++, y++]);
    else if (at(x + 1, y) >= at(x, y + 1)) x += 1;
    else y += 1;
  }
  return found;
}

function roleOf(message: unknown): string {
  const role = isObject(message) ? message["role"] : null;
  return typeof role === "string" ? role : "?";
}

interface Only {
  readonly indexes: readonly number[];
  readonly values: readonly unknown[];
  readonly verb: "added" | "removed";
}

function addedOrRemoved(comparison: JsonComparison, place: Place, { indexes, values, verb }: Only): void {
  const [first] = indexes;
  if (first === undefined) return;
  const value = values[first];
  const content = isObject(value) ? (value["content"] ?? value["tool_calls"]) : value;
  const said = `${roleOf(value)} ${shownValue(content)}`;
  const where = placeText([...place, first]);
  const many =
    indexes.length === 1 ? `${where} was ${verb}` : `${indexes.length} messages were ${verb}, first ${where}`;
  comparison.add({
    place: [...place, first],
    about: `messages ${verb}`,
    what: `${many}: ${said}`,
    before: verb === "removed" ? shownValue(value) : null,
    after: verb === "added" ? shownValue(value) : null,
  });
}

function compareTools(comparison: JsonComparison, place: Place, { sent, received }: Lists): void {
  const [before, after] = [sent.map(toolName), received.map(toolName)];
  const used = new Set<number>();
  const order: number[] = [];
  for (const [index, name] of before.entries()) {
    const at = after.findIndex((other, position) => other === name && !used.has(position));
    if (at === -1) {
      const what = `tool ${name} was removed`;
      const removed = shownValue(sent[index]);
      comparison.add({
        place: [...place, index],
        about: `${patternOf(place)} removed`,
        what,
        before: removed,
        after: null,
      });
      continue;
    }
    used.add(at);
    order.push(at);
    comparison.compare([...place, index], sent[index], received[at]);
  }
  for (const [index, name] of after.entries()) {
    if (used.has(index)) continue;
    const added = shownValue(received[index]);
    const what = `tool ${name} was added`;
    comparison.add({
      place: [...place, index],
      about: `${patternOf(place)} added`,
      what,
      before: null,
      after: added,
    });
  }
  if (order.some((at, index) => at < (order[index - 1] ?? -1)))
    comparison.add(orderDifference(place, "tools", [before, after]));
}

function orderDifference(
  place: Place,
  name: string,
  [before, after]: readonly [readonly unknown[], readonly unknown[]],
) {
  const texts = { before: shownValue(before), after: shownValue(after) };
  return { place, about: `${name} reordered`, what: `${name} reached the engine in another order`, ...texts };
}

function toolName(tool: unknown): string {
  if (!isObject(tool)) return "?";
  const inner = isObject(tool["function"]) ? tool["function"] : tool;
  return typeof inner["name"] === "string" ? inner["name"] : "?";
}
