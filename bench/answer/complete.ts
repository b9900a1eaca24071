import type { Answer, AnswerEnds } from "./answer.ts";

/** What finish reasons say of a generation, in lower case, by who sends them. */
const finishReasons = {
  complete: {
    openai: "stop length tool_calls function_call content_filter",
    textGenerationInference: "eos_token stop_sequence",
    anthropic: "end_turn tool_use max_tokens",
  },
  givenUp: {
    engines: "abort error timeout cancelled",
    services: "network_error sensitive insufficient_system_resource none",
  },
};
const namesOf = (groups: Readonly<Record<string, string>>) =>
  new Set(Object.values(groups).join(" ").split(" "));
const complete = namesOf(finishReasons.complete);
const givenUp = namesOf(finishReasons.givenUp);

/**
 * The one rule of what a complete answer is: it carries no error, and its finish reason is a known end, or one that is not
 * known and followed by the end of the answer. Returns what is wrong with an answer, as it follows
 * "the answer"; null when it is complete.
 *
 * @param done the server said that nothing more comes: `[DONE]`, or the end of an answer in one piece
 */
export function whyIncomplete(
  { finish, error }: Pick<AnswerEnds, "finish" | "error">,
  done: boolean,
): string | null {
  if (error !== null) return `carries an error: ${error}`;
  if (finish === null) return `ended without ${done ? "" : "[DONE] and without "}a finish reason`;
  const reason = finish.toLowerCase();
  if (givenUp.has(reason)) return `was given up, with finish reason ${finish}`;
  return done || complete.has(reason)
    ? null
    : `ended without [DONE], after the unknown finish reason ${finish}`;
}

/** What kind of fault `whyIncomplete` named: without the words of one answer's error, so that kinds can be counted. */
export function kindOfIncomplete(incomplete: string): string {
  return incomplete.replace(/: .*$/s, "");
}

/** Why a client cannot rely on an answer: it is not complete, or not understood in all its parts. */
export function whyUnusable({ incomplete, unreadable: { count, first } }: AnswerEnds): string | null {
  const faults = [
    ...(first === null ? [] : [`cannot be read in ${count} of its parts, the first: ${first}`]),
    ...(incomplete === null ? [] : [incomplete]),
  ];
  return faults.length === 0 ? null : faults.join(", and ");
}

/** Whether an answer ended to call a tool and has no call: the model wrote one, and the server's parser lost it. */
export function callIsLost({ finish, calls }: Pick<Answer, "finish" | "calls">): boolean {
  return calls.length === 0 && /^(?:tool_calls|function_call|tool_use)$/i.test(finish ?? "");
}
