import { AgentProcessError } from "../agent.ts";
import { StartError, TollgateError } from "../../errors.ts";
import { ToolServerError } from "../../tools/tool-server-error.ts";
import { notStarted } from "../../workload/not-started.ts";
import type { AttemptContext, EpisodeResult, FailureClass } from "../../workload/workload.ts";

/**
 * A part that an attempt needs before anything is said. One that is gone or refuses costs this episode and no other: the
 * next one may meet its successor. When there is none left, or for a bug of the harness, the error is thrown on: the run
 * ends and can be resumed, instead of failing every episode that is left.
 */
export async function reached<T>(
  part: FailureClass,
  { signal }: Pick<AttemptContext, "signal">,
  reach: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly result: EpisodeResult }> {
  try {
    return { value: await reach() };
  } catch (error) {
    const final = error instanceof AgentProcessError || error instanceof StartError;
    if (final || !(error instanceof TollgateError)) throw error;
    if (signal.aborted) return { result: notStarted(null) };
    const failureClass = error instanceof ToolServerError ? "tool-server" : part;
    return { result: notStarted({ class: failureClass, message: error.message }) };
  }
}
