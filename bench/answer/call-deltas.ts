import type { AnsweredCall } from "./answer.ts";

/** One entry of `tool_calls`; an id or a name that it leaves out is "". */
export interface CallDelta extends AnsweredCall {
  readonly index: number | null;
  /** The arguments came as a value, not as text: they are all that the call has. */
  readonly whole: boolean;
}

type OpenCall = { -readonly [Field in keyof AnsweredCall]: AnsweredCall[Field] };

/**
 * Puts the calls of an answer together from their deltas. Servers give a delta an index, an id, both or neither, one of them
 * for all calls, or another one for each piece. It goes
 * - with an id: to the call of that id (and index, where it has one), or to one without an id, or, where it brings no name,
 *   to the call at its index or the last one: a call begins with a name. Else it begins a new one. Two ids are two calls;
 * - with an index and a name: to the call at that index while that may take a name, or it begins a new one;
 * - with a name alone: to the last call while that may take a name, or it begins a new one;
 * - else to the call at its index, or to the last one.
 */
export class CallDeltas {
  readonly calls: OpenCall[] = [];
  readonly #byIndex = new Map<number, OpenCall>();
  #last: OpenCall | undefined;
  /** How many deltas there were, and the last of them. */
  count = 0;
  delta: CallDelta | null = null;

  add(delta: CallDelta): void {
    const { index, id, name } = delta;
    this.count += 1;
    this.delta = delta;
    const call = this.#continuedBy(delta) ?? { id, name: "", argumentsText: "" };
    this.#last = call;
    if (!this.calls.includes(call)) this.calls.push(call);
    if (index !== null) this.#byIndex.set(index, call);
    call.id ||= id;
    // Some servers repeat the name in every delta.
    if (name !== call.name) call.name += name;
    call.argumentsText = joined(call.argumentsText, delta);
  }

  #continuedBy(delta: CallDelta): OpenCall | undefined {
    const { index, id, name } = delta;
    const there = index === null ? undefined : this.#byIndex.get(index);
    const open = there ?? this.#last;
    if (id !== "") {
      const known = index === null ? this.calls.findLast((call) => call.id === id) : there;
      if (known?.id === id) return beginsAgain(known, delta) ? undefined : known;
      if (name === "") return open;
      return known?.id === "" && mayTakeName(known, delta) ? known : undefined;
    }
    if (name === "") return open;
    const named = index === null ? this.#last : there;
    return named !== undefined && mayTakeName(named, delta) ? named : undefined;
  }
}

/** An id that a server gives to several calls: the first is whole, and another begins. */
function beginsAgain(call: AnsweredCall, { name, argumentsText }: CallDelta): boolean {
  if (name === "" || call.name === "" || !isObject(argumentsText) || !isObject(call.argumentsText))
    return false;
  return name !== call.name || argumentsText.trim() !== call.argumentsText.trim();
}

/** A name may begin that of a call, be a further piece of it, or repeat it. */
function mayTakeName(call: AnsweredCall, { index, name, argumentsText }: CallDelta): boolean {
  if (call.name === "") return true;
  if (call.name !== name) return index !== null && call.argumentsText === "";
  return argumentsText.trim() === "" || !isObject(call.argumentsText);
}

/**
 * Arguments as a value, and those behind a `{}` that a gateway put there first, replace what the call has. Whole ones that
 * come twice are there once.
 */
function joined(before: string, { id, argumentsText, whole }: CallDelta): string {
  if (argumentsText === "") return before;
  const isPlaceholder = before.length < 8 && before.trim() === "{}";
  if (whole || (isPlaceholder && argumentsText.trimStart().startsWith("{"))) return argumentsText;
  const isRepeated = id !== "" && argumentsText === before && isObject(before);
  return isRepeated ? before : before + argumentsText;
}

/** The arguments of a call are an object: behind its end nothing can follow. */
function isObject(text: string): boolean {
  if (!text.trimEnd().endsWith("}")) return false;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false; // The arguments are not at their end.
  }
}
