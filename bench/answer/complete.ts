import type { Answer } from "./answer.ts";

/** What finish reasons say of a generation, in lower case with `_` between words, by who sends them. */
const finishReasons = {
  complete: {
    openai: "stop length tool_calls function_call content_filter",
    engines: "eos eos_token stop_sequence stop_token stop_str word limit repetition",
    anthropic: "end_turn tool_use max_tokens pause_turn refusal",
    google: "safety recitation language blocklist prohibited_content spii malformed_function_call",
    others: "complete completed tool_call model_length model_context_window_exceeded",
  },
  givenUp: {
    engines: "abort aborted error timeout cancelled canceled preempted unload",
    services: "network_error sensitive insufficient_system_resource engine_overloaded none",
    cohere: "error_toxic error_limit user_cancel",
  },
};
const namesOf = (groups: Readonly<Record<string, string>>) =>
  new Set(Object.values(groups).join(" ").split(" "));
const complete = namesOf(finishReasons.complete);
const givenUp = namesOf(finishReasons.givenUp);
/** Words that make a reason which is in neither list that of a failure: no list will ever hold the names of all servers. */
const failure =
  /abort|error|fail|cancel|overload|interrupt|incomplete|unavailable|evict|preempt|timeout|timed_out|time_limit|disconnect|crash|kill|shutdown/;

/** `FinishReason.ABORT`, as Python prints a name of a list, is `abort`. */
function reasonOf(finish: string): string {
  return finish
    .trim()
    .toLowerCase()
    .replace(/^finish_?reason[._]/, "")
    .replaceAll(/[\s-]+/g, "_");
}

function isGivenUp(reason: string): boolean {
  return givenUp.has(reason) || (!complete.has(reason) && failure.test(reason));
}

/**
 * Whether a finish reason stays although another one comes: an empty one or `null` as a text says nothing, and what was
 * given up is not complete because a gateway says `stop` behind it.
 */
export function keepsFinish(finish: string | null, next: string): boolean {
  const reason = reasonOf(next);
  return reason === "" || reason === "null" || (finish !== null && isGivenUp(reasonOf(finish)));
}

/**
 * The one rule of what a complete answer is: it carries no error, and its finish reason is a known end, or one that is not
 * known and followed by the end of the answer. Returns what is wrong with an answer, as it follows
 * "the answer"; null when it is complete.
 *
 * @param done the server said that nothing more comes: `[DONE]`, or the end of an answer in one piece
 */
export function whyIncomplete(
  { finish, error }: Pick<Answer, "finish" | "error">,
  done: boolean,
): string | null {
  if (error !== null) return `carries an error: ${error}`;
  if (finish === null) return `ended without ${done ? "" : "[DONE] and without "}a finish reason`;
  const reason = reasonOf(finish);
  if (isGivenUp(reason)) return `was given up, with finish reason ${finish}`;
  return done || complete.has(reason)
    ? null
    : `ended without [DONE], after the unknown finish reason ${finish}`;
}

const ownEnds = namesOf({
  openai: "stop tool_calls function_call",
  engines: "eos eos_token stop_sequence stop_token stop_str word",
  others: "end_turn tool_use tool_call complete completed",
});

/** Whether the model ended its answer by itself: no limit and no filter has taken something from it. */
export function isOwnEnd(finish: string | null): boolean {
  return finish !== null && ownEnds.has(reasonOf(finish));
}

/** What kind of fault `whyIncomplete` named: without the words of one answer's error, so that kinds can be counted. */
export function kindOfIncomplete(incomplete: string): string {
  return incomplete.replace(/: .*$/s, "");
}

/** Why a client cannot rely on an answer: it is not complete, or not understood in all its parts. */
export function whyUnusable({
  incomplete,
  unreadable: { count, first },
}: Pick<Answer, "incomplete" | "unreadable">): string | null {
  const faults = [
    ...(first === null ? [] : [`cannot be read in ${count} of its parts, the first: ${first}`]),
    ...(incomplete === null ? [] : [incomplete]),
  ];
  return faults.length === 0 ? null : faults.join(", and ");
}

/** Whether the model was stopped where it may write no more tokens: what it was writing then is cut. null: nothing was said. */
export function endedAtLimit(finish: string | null): boolean {
  return (
    finish !== null &&
    /^(?:length|max_tokens|model_length|limit|model_context_window_exceeded)$/.test(reasonOf(finish))
  );
}

/**
 * Whether the model called a tool and the server's parser lost the call: the answer ended to call one and has none, or has
 * arguments for a tool without a name.
 */
export function callIsLost({ finish, calls }: Pick<Answer, "finish" | "calls">): boolean {
  if (calls.length === 0) return /^(?:tool_calls?|function_call|tool_use)$/.test(reasonOf(finish ?? ""));
  return calls.some(({ name }) => name.trim() === "");
}
