import type { EpisodeFacts, EpisodeResult, Failure, Score } from "../../bench/workload/workload.ts";
import { ModelError } from "../../bench/agent/model/model-error.ts";
import { ToolServerError } from "../../bench/tools/tool-server-error.ts";
import type { Evaluation } from "../tau2/evaluation/evaluate.ts";
import { tau2Messages } from "../transcript/tau2-messages.ts";
import type { ConversationEnd, EpisodeDraft, EpisodeParts } from "./episode.ts";

/** Judges what may be judged and gives the episode its one outcome. */
export async function finishEpisode(
  parts: EpisodeParts,
  draft: EpisodeDraft,
  end: ConversationEnd,
): Promise<EpisodeResult> {
  if (parts.session.promptMisses() > 0) draft.labels.add("prompt-rewritten");
  const facts = factsOf(parts, draft, end);
  try {
    switch (end.kind) {
      case "failed":
        return { ...facts, status: "failed", failure: end.failure };
      case "cancelled":
        return { ...facts, status: "cancelled" };
      case "timed-out":
        return {
          ...facts,
          ...(await judge(parts, draft, "timeout")),
          status: "timed-out",
          afterMs: end.afterMs,
        };
      case "ended":
        return { ...facts, ...(await judge(parts, draft, end.termination)), status: "completed" };
    }
  } catch (thrown) {
    // The conversation is whole, but nobody can say what it is worth.
    if (!(thrown instanceof ToolServerError)) throw thrown;
    return { ...facts, status: "failed", failure: toolServerFailure(thrown) };
  }
}

async function judge(parts: EpisodeParts, draft: EpisodeDraft, terminationReason: string) {
  const evaluation = await parts.open.evaluate({
    messages: tau2Messages(draft.messages),
    terminationReason,
  });
  if (evaluation.reward === null) draft.labels.add("unjudged");
  return {
    scores: [scoreOf(evaluation)] as const,
    labels: [...draft.labels],
  };
}

function scoreOf({ reward, rewardBasis, dump }: Evaluation): Score {
  // As tau2 counts: a reward of 1; the tolerance absorbs products of floats.
  const passed = reward === null ? null : reward >= 1 - 1e-6;
  return { name: "reward", value: reward, passed, parts: rewardBasis, details: dump };
}

function factsOf(parts: EpisodeParts, draft: EpisodeDraft, end: ConversationEnd): EpisodeFacts {
  const tools = draft.messages.filter((message) => message.role === "tool");
  return {
    termination: terminationOf(end),
    terminationDetail: "detail" in end ? end.detail : null,
    steps: parts.open.counts().steps,
    toolCalls: tools.length,
    toolErrors: tools.filter(({ error }) => error).length,
    labels: [...draft.labels],
    userUsage: parts.user.usage(),
    transcript: { system: parts.system, tools: parts.open.opened.agentToolsJson, messages: draft.messages },
  };
}

function terminationOf(end: ConversationEnd): string | null {
  if (end.kind === "ended") return end.termination;
  return end.kind === "timed-out" ? "timeout" : null;
}

/** How an episode ended that was stopped, by a cancelled attempt or by its deadline. null: it was not stopped. */
export function endOfSignals({
  context,
  deadline,
}: Pick<EpisodeParts, "context" | "deadline">): ConversationEnd | null {
  if (context.signal.aborted) return { kind: "cancelled" };
  if (!deadline.signal.aborted) return null;
  const { afterMs } = deadline;
  const detail = `the episode took longer than ${afterMs / 1000} s (limits.episodeSeconds)`;
  return { kind: "timed-out", afterMs, detail };
}

/** The episode boundary: the one place where an exception becomes data. A bug of the harness is thrown on. */
export function endOfThrown(thrown: unknown, parts: EpisodeParts): ConversationEnd {
  const told = endOfSignals(parts);
  if (told) return told;
  if (thrown instanceof ModelError) {
    return { kind: "failed", failure: { class: "user-engine", message: thrown.message } };
  }
  if (thrown instanceof ToolServerError) return { kind: "failed", failure: toolServerFailure(thrown) };
  throw thrown;
}

function toolServerFailure({ message }: ToolServerError): Failure {
  return { class: "tool-server", message };
}
