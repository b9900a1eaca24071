import type { AnsweredCall } from "./answer.ts";
import { CallArguments } from "./call-arguments.ts";
import { isObjectText, sameJson, shown } from "./json.ts";

/** One entry of `tool_calls`; an id or a name that it leaves out is "". */
export interface CallDelta extends AnsweredCall {
  readonly index: number | null;
  /** Its place among several entries of one chunk, which counts where nothing else tells. */
  readonly position: number | null;
  /** The arguments came as a value, not as text: they are all that the call has. */
  readonly whole: boolean;
  /** An answer has one call of this kind: said again it is the same. */
  readonly only: boolean;
}

/** Calls of one answer: no agent makes so many, and a server that never stops would be compared with itself for minutes. */
const callsMax = 1_024;

interface OpenCall {
  id: string;
  name: string;
  readonly arguments: CallArguments;
}

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
  #leftOut = 0;
  readonly #byIndex = new Map<number, OpenCall>();
  readonly #doubtful = new Set<OpenCall>();
  #last: OpenCall | undefined;
  /** How many deltas there were, and the last of them. */
  count = 0;
  delta: CallDelta | null = null;

  /**
   * The calls without those that a name alone began that may only have been said again, those that say nothing, and those
   * that were said before; and what cannot be read of their arguments.
   */
  read(finish: string | null): { readonly calls: readonly AnsweredCall[]; readonly odd: readonly string[] } {
    const calls: AnsweredCall[] = [];
    const odd = this.#leftOut === 0 ? [] : [`more than ${callsMax} calls, of which the others were left out`];
    for (const call of this.#calls) {
      const { text, odd: oddText } = call.arguments.read(finish);
      const made = { id: call.id, name: call.name, argumentsText: text };
      if (oddText !== null)
        odd.push(`arguments of ${call.name} came again and were not the same: ${shown(oddText)}`);
      const isLeftOut = (text === "" && this.#doubtful.has(call)) || saysNothing(made);
      if (!isLeftOut && !calls.some((known) => isSaidAgain(known, made))) calls.push(made);
    }
    return { calls, odd };
  }

  add(delta: CallDelta): void {
    const { id, name, argumentsText, whole } = delta;
    const place = delta.index ?? delta.position;
    this.count += 1;
    this.delta = delta;
    const continued = this.#continuedBy(delta);
    if (continued === undefined && this.#calls.length === callsMax) {
      this.#leftOut += 1;
      return;
    }
    const call = continued ?? { id, name: "", arguments: new CallArguments() };
    this.#last = call;
    if (continued === undefined) {
      this.#calls.push(call);
      if (this.#mayBeRepeated(delta)) this.#doubtful.add(call);
    }
    if (place !== null) this.#byIndex.set(place, call);
    call.id ||= id;
    // Some servers repeat the name in every delta.
    if (name !== call.name) call.name += name;
    call.arguments.add(argumentsText, whole);
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
    if (delta.only && (name === "" || this.#last?.name === name)) return this.#last;
    if (id !== "") {
      const known = index === null ? this.#calls.findLast((call) => call.id === id) : there;
      if (known?.id === id) return beginsAgain(known, delta) ? undefined : known;
      // Behind a whole call nothing can follow: this one lost its name.
      if (name === "") return open?.id && open.arguments.isWhole ? undefined : open;
      return known?.id === "" && mayTakeName(known, delta) ? known : undefined;
    }
    if (name === "") return open;
    const named = place === null ? this.#last : there;
    return named !== undefined && mayTakeName(named, delta) ? named : undefined;
  }
}

/** An id that a server gives to several calls: the first is whole, and another begins. */
function beginsAgain(call: OpenCall, { name, argumentsText }: CallDelta): boolean {
  if (name === "" || call.name === "") return false;
  return name === call.name
    ? call.arguments.differFrom(argumentsText)
    : call.arguments.mayBeWhole && isObjectText(argumentsText);
}

/** A name may begin that of a call, be a further piece of it, or repeat it. */
function mayTakeName(call: OpenCall, { index, position, name, argumentsText }: CallDelta): boolean {
  if (call.name === "") return true;
  if (call.name !== name) return (index ?? position) !== null && call.arguments.isEmpty;
  return !call.arguments.isWhole && !call.arguments.differFrom(argumentsText);
}

/** An entry that a parser began and that became no call. */
function saysNothing({ name, argumentsText }: AnsweredCall): boolean {
  return name.trim() === "" && /^(?:\{\s*\}|\[\s*\]|null)?$/.test(argumentsText.trim());
}

/** The same call once more, under its id or without one. */
function isSaidAgain(known: AnsweredCall, { id, name, argumentsText }: AnsweredCall): boolean {
  const isSame = known.id !== "" && (id === known.id || id === "") && name === known.name;
  return isSame && sameJson(known.argumentsText, argumentsText);
}
