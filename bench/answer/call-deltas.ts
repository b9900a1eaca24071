import type { AnsweredCall } from "./answer.ts";

/** One entry of `tool_calls`; an id or a name that it leaves out is "". */
export interface CallDelta extends AnsweredCall {
  readonly index: number | null;
  /** Its place among several entries of one chunk, which counts where nothing else tells. */
  readonly position: number | null;
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
  readonly #calls: OpenCall[] = [];
  readonly #byIndex = new Map<number, OpenCall>();
  readonly #doubtful = new Set<AnsweredCall>();
  /** The last piece of a call's arguments, while each piece has begun with the one before it. */
  readonly #repeating = new Map<AnsweredCall, string>();
  #last: OpenCall | undefined;
  /** How many deltas there were, and the last of them. */
  count = 0;
  delta: CallDelta | null = null;

  /** Without those that a name alone began that may only have been said again. */
  get calls(): readonly AnsweredCall[] {
    return this.#calls
      .filter((call) => call.argumentsText !== "" || !this.#doubtful.has(call))
      .map((call) => this.#withoutRepeats(call));
  }

  /**
   * Some servers send all arguments so far in each piece. That shows at the end alone: an object may begin as the arguments
   * around it do.
   */
  #withoutRepeats(call: AnsweredCall): AnsweredCall {
    const last = this.#repeating.get(call);
    if (last === undefined || last === call.argumentsText) return call;
    return isObject(last) && !isObject(call.argumentsText) ? { ...call, argumentsText: last } : call;
  }

  #notePiece(call: AnsweredCall, { argumentsText: piece }: CallDelta): void {
    if (piece === "") return;
    const before = call.argumentsText === "" ? "" : this.#repeating.get(call);
    if (before !== undefined && piece.startsWith(before)) this.#repeating.set(call, piece);
    else this.#repeating.delete(call);
  }

  add(delta: CallDelta): void {
    const { id, name } = delta;
    const place = delta.index ?? delta.position;
    this.count += 1;
    this.delta = delta;
    const call = this.#continuedBy(delta) ?? { id, name: "", argumentsText: "" };
    this.#last = call;
    if (!this.#calls.includes(call)) {
      this.#calls.push(call);
      if (this.#mayBeRepeated(delta)) this.#doubtful.add(call);
    }
    if (place !== null) this.#byIndex.set(place, call);
    call.id ||= id;
    // Some servers repeat the name in every delta.
    if (name !== call.name) call.name += name;
    this.#notePiece(call, delta);
    call.argumentsText = joined(call.argumentsText, delta);
  }

  /** The name of a whole call without arguments behind it: of another call, or said once more. */
  #mayBeRepeated({ id, name, argumentsText }: CallDelta): boolean {
    return (
      id === "" && argumentsText.trim() === "" && this.#calls.slice(0, -1).some((call) => call.name === name)
    );
  }

  #continuedBy(delta: CallDelta): OpenCall | undefined {
    const { index, position, id, name } = delta;
    const place = index ?? position;
    const there = place === null ? undefined : this.#byIndex.get(place);
    const open = there ?? this.#last;
    if (id !== "") {
      const known = index === null ? this.#calls.findLast((call) => call.id === id) : there;
      if (known?.id === id) return beginsAgain(known, delta) ? undefined : known;
      if (name === "") return open;
      return known?.id === "" && mayTakeName(known, delta) ? known : undefined;
    }
    if (name === "") return open;
    const named = place === null ? this.#last : there;
    return named !== undefined && mayTakeName(named, delta) ? named : undefined;
  }
}

/** An id that a server gives to several calls: the first is whole, and another begins. */
function beginsAgain(call: AnsweredCall, { name, argumentsText }: CallDelta): boolean {
  if (
    isPlaceholder(call.argumentsText) ||
    name === "" ||
    call.name === "" ||
    !isObject(argumentsText) ||
    !isObject(call.argumentsText)
  )
    return false;
  return name !== call.name || argumentsText.trim() !== call.argumentsText.trim();
}

/** A name may begin that of a call, be a further piece of it, or repeat it. */
function mayTakeName(call: AnsweredCall, { index, position, name }: CallDelta): boolean {
  if (call.name === "") return true;
  if (call.name !== name) return (index ?? position) !== null && call.argumentsText === "";
  return !isObject(call.argumentsText);
}

/**
 * Arguments as a value, and those behind a `{}` that a gateway put there first, replace what the call has. Whole ones that
 * come twice are there once.
 */
function joined(before: string, { id, argumentsText, whole }: CallDelta): string {
  if (argumentsText === "") return before;
  if (whole || (isPlaceholder(before) && argumentsText.trimStart().startsWith("{"))) return argumentsText;
  const isRepeated = id !== "" && argumentsText === before && isObject(before);
  return isRepeated ? before : before + argumentsText;
}

function isPlaceholder(argumentsText: string): boolean {
  return argumentsText.length < 8 && argumentsText.trim() === "{}";
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
