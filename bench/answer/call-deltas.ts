import type { AnsweredCall } from "./answer.ts";

/** One entry of `tool_calls`; an id or a name that it leaves out is "". */
export interface CallDelta extends AnsweredCall {
  readonly index: number | null;
}

/**
 * Puts the calls of an answer together from their deltas. Servers give a delta an index, an id, both or neither. It goes
 * - with an id: to the call of that id (and index, where it has one), or it begins a new one. Two ids are two calls;
 * - with an index and a name: to the call at that index while that may take a name, or it begins a new one;
 * - with a name alone: to the last call while that may take a name, or it begins a new one;
 * - else to the call at its index, or to the last one.
 */
export class CallDeltas {
  readonly calls: { id: string; name: string; argumentsText: string }[] = [];
  readonly #byIndex = new Map<number, (typeof this.calls)[number]>();
  #last: (typeof this.calls)[number] | undefined;

  add(delta: CallDelta): void {
    const { index, id, name, argumentsText } = delta;
    const call = (this.#last = this.#continuedBy(delta) ?? { id, name: "", argumentsText: "" });
    if (!this.calls.includes(call)) this.calls.push(call);
    if (index !== null) this.#byIndex.set(index, call);
    call.id ||= id;
    // Some servers repeat the name in every delta.
    if (name !== call.name) call.name += name;
    call.argumentsText += argumentsText;
  }

  #continuedBy(delta: CallDelta) {
    const { index, id, name } = delta;
    const there = index === null ? undefined : this.#byIndex.get(index);
    if (id !== "") {
      const known = index === null ? this.calls.findLast((call) => call.id === id) : there;
      return known?.id === id || known?.id === "" ? known : undefined;
    }
    if (name === "") return there ?? this.#last;
    const open = index === null ? this.#last : there;
    return open !== undefined && mayTakeName(open, delta) ? open : undefined;
  }
}

/** A name may begin that of a call, be a further piece of it, or repeat it. */
function mayTakeName(call: AnsweredCall, { index, name, argumentsText }: CallDelta): boolean {
  if (call.name === "") return true;
  if (call.name !== name) return index !== null && call.argumentsText === "";
  return argumentsText === "" || !isJson(call.argumentsText);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // The arguments are not at their end.
  }
}
