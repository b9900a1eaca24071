/**
 * What OpenClaw's own tools did in one session, from three witnesses: the model's stream (the argument text as it was
 * written), OpenClaw's events (when a tool began and ended, and whether it failed) and the next model request (the result as
 * the model sees it). Stamps are of the machine's monotonic clock, which the driver reads, too.
 */
export class OwnCalls {
  /** Calls of answers, in order; those that OpenClaw never began have no start. */
  #calls = [];
  /** Calls of the latest answer, whose results the next request brings. */
  #latest = [];

  /** @param {{id: string, name: string, arguments: string}[]} calls of one answer of the model */
  asked(calls) {
    this.#latest = calls.map(({ id, name, arguments: argumentsText }) => ({ id, name, argumentsText }));
    this.#calls.push(...this.#latest);
  }

  /** An event of OpenClaw's stream `tool`. */
  seen({ phase, toolCallId, result, isError }) {
    const call = this.#calls.findLast(({ id }) => id === toolCallId);
    if (call === undefined) return;
    if (phase === "start") call.startedNs = nowNs();
    if (phase !== "result") return;
    call.endedNs = nowNs();
    call.error = isError === true || hasFailed(result?.details);
    call.content ??= textOf(result?.content ?? "");
  }

  /** The messages of a model request: those after the last answer are its results, in the order of its calls. */
  answeredIn(messages) {
    const after = messages.slice(messages.findLastIndex(({ role }) => role === "assistant") + 1);
    const results = after.filter(({ role }) => role === "tool");
    if (results.length !== this.#latest.length) return;
    for (const [index, call] of this.#latest.entries()) call.content = textOf(results[index].content);
  }

  /** Calls that were begun and have ended, or will not be heard of any more, since the last time. */
  take() {
    const now = nowNs();
    const begun = this.#calls
      .filter(({ startedNs }) => startedNs !== undefined)
      .sort((a, b) => a.startedNs - b.startedNs);
    this.#calls = [];
    this.#latest = [];
    return begun.map(({ id, name, argumentsText, startedNs, endedNs, content, error }) => ({
      toolCallId: id,
      name,
      argumentsText,
      content: content ?? "",
      error: error ?? true,
      startedNs,
      endedNs: endedNs ?? now,
    }));
  }
}

/** A command that failed is an answer to OpenClaw, and a failed call to those who count them. */
function hasFailed({ exitCode, exitSignal } = {}) {
  return (typeof exitCode === "number" && exitCode !== 0) || typeof exitSignal === "string";
}

function nowNs() {
  return Number(process.hrtime.bigint());
}

function textOf(content) {
  return typeof content === "string" ? content : content.map((part) => part.text ?? "").join("");
}
