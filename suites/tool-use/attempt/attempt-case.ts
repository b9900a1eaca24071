import { endedAtLimit } from "../../../bench/answer/complete.ts";
import { reached } from "../../../bench/agent/attempt/reached-part.ts";
import { messageOf, TollgateError } from "../../../bench/errors.ts";
import { answerOf } from "../../../bench/workload/exchange-answer.ts";
import { isGenerationRequest, type Exchange } from "../../../bench/workload/exchange.ts";
import { notStarted } from "../../../bench/workload/not-started.ts";
import { cutAnswer, noAnswerLabel, samplesFile } from "../../../bench/workload/sample-line.ts";
import { abortedByNobody } from "../../../bench/workload/turn-failure.ts";
import { UsageSum } from "../../../bench/workload/usage-sum.ts";
import type {
  AttemptContext,
  EpisodeFacts,
  EpisodeResult,
  EpisodeTask,
} from "../../../bench/workload/workload.ts";
import type { ToolUseCase } from "../contract/case.ts";
import { openPlace, type CasePlace } from "../place/open-place.ts";
import { scoreAttempt } from "../scoring/score.ts";
import { scoresOf } from "../scoring/score-names.ts";
import { stateFaults } from "../scoring/state-faults.ts";
import { parameterFacts } from "../tools/definitions.ts";
import { lastWords, madeCalls } from "./made-calls.ts";
import { openSession, systemPrompt } from "./open-session.ts";
import type { ToolUseParts } from "./parts.ts";
import { play, type Played } from "./play.ts";
import { sampleOf, verdictOf } from "./sample.ts";

interface Attempted {
  readonly episode: EpisodeTask;
  readonly attempt: AttemptContext;
}

/** A place, one turn of the agent, what became of the place, a score, a line of evidence. */
export async function attemptCase(
  parts: ToolUseParts,
  task: ToolUseCase,
  { episode, attempt }: Attempted,
): Promise<EpisodeResult> {
  let opened: CasePlace;
  try {
    opened = await openPlace(parts.maker, task.setup, attempt.attemptKey);
  } catch (error) {
    if (attempt.signal.aborted) return notStarted(null);
    if (!(error instanceof TollgateError) && !isSystemError(error)) throw error;
    return notStarted({ class: "harness", message: `the place of case ${task.id}: ${messageOf(error)}` });
  }
  await using place = opened;
  if (attempt.signal.aborted) return notStarted(null);
  const { episodeId, attemptKey, agent: endpoint } = attempt;
  const opening = {
    episodeId,
    attemptKey,
    endpoint,
    seed: episode.seed,
    caseId: task.id,
    faults: task.faults,
  };
  const known = await reached("tool-server", attempt, () => openSession(parts, place, opening));
  if ("result" in known) return known.result;
  const { open, request } = known.value;
  try {
    const joined = await reached("agent-process", attempt, () => parts.driver.openSession(request));
    if ("result" in joined) return joined.result;
    await using session = joined.value;
    const played = await play({ task, place, open, session, attempt });
    return await judge(parts, { task, episode, attempt, place, tools: request.tools }, played);
  } finally {
    await open.close();
  }
}

interface Judged extends Attempted {
  readonly task: ToolUseCase;
  readonly place: CasePlace;
  readonly tools: string;
}

async function judge(parts: ToolUseParts, judged: Judged, played: Played): Promise<EpisodeResult> {
  const { attempt, episode, place, task } = judged;
  const { exchanges, read, stopped } = played;
  const { turn } = read;
  const finishReason = finishOf(exchanges);
  const facts = factsOf(parts, judged, { ...played, finishReason });
  if (attempt.signal.aborted) return { ...facts, status: "cancelled" };
  if (stopped?.kind === "failure") return { ...facts, status: "failed", failure: stopped.failure };
  if (read.failure !== null) return { ...facts, status: "failed", failure: read.failure };
  if (turn.status === "aborted" && stopped === null)
    return { ...facts, status: "failed", failure: abortedByNobody };
  const state = await place.look(task);
  // What was found after somebody had stopped it is no result.
  if (attempt.signal.aborted) return { ...facts, status: "cancelled" };
  const calls = madeCalls(read.messages, task.faults);
  const seen = {
    calls,
    text: lastWords(read.messages),
    stateFaults: stateFaults(task, state),
    oneRequest: parts.context.agent.oneRequest === true,
    crash: crashOf(played),
  };
  const score = scoreAttempt(task, seen, parameterFacts(parts.file.tools));
  const scores = scoresOf({ ...score, verdict: verdictOf(score, finishReason) });
  const text = saidBy(played);
  const line = sampleOf({ episode, attempt, task, calls, finishReason, text, score, scores });
  await attempt.evidence.append(samplesFile, line);
  return turn.status === "timed-out"
    ? { ...facts, status: "timed-out", scores, afterMs: turn.afterMs }
    : { ...facts, status: "completed", scores };
}

/** Why the agent came to no end of its own, in words; null: it did. */
function crashOf({ read: { turn, detail }, stopped }: Played): string | null {
  if (stopped !== null) return stopped.kind === "limit" ? stopped.detail : stopped.failure.message;
  if (turn.status === "timed-out") return `timed out after ${turn.afterMs / 1000} s`;
  return turn.status === "answered" ? null : (detail ?? turn.status);
}

function saidBy({ read }: Pick<Played, "read">): string {
  const texts = read.messages.flatMap(({ role, content }) => (role === "assistant" ? [content ?? ""] : []));
  return texts.join("\n").trim();
}

function factsOf(
  { context }: ToolUseParts,
  { task, tools }: Judged,
  { finishReason, log, read, rewritten, stopped }: Played & { readonly finishReason: string | null },
): EpisodeFacts {
  const asked = {
    role: "user",
    content: task.prompt,
    toolCalls: null,
    requestId: null,
    usage: null,
  } as const;
  const messages = [asked, ...read.messages];
  const ended = stopped?.kind === "limit" ? stopped : null;
  return {
    termination: ended?.termination ?? read.turn.status,
    terminationDetail: ended?.detail ?? read.detail,
    steps: messages.length,
    toolCalls: log.length,
    toolErrors: log.filter(({ error }) => error).length,
    labels: [
      ...read.labels,
      ...(context.agent.prompt === "stock" ? ["prompt-stock"] : []),
      ...(rewritten ? ["prompt-rewritten"] : []),
      ...(endedAtLimit(finishReason) ? [cutAnswer] : []),
      ...(isNoAnswer(task, { log, read }) ? [noAnswerLabel] : []),
    ],
    userUsage: new UsageSum().total(),
    transcript: { system: systemPrompt, tools, messages },
  };
}

/** Where no call is expected, words are what is judged. */
function isNoAnswer({ expected }: ToolUseCase, { log, read }: Pick<Played, "log" | "read">): boolean {
  return log.length === 0 && (expected.length > 0 || saidBy({ read }) === "");
}

/** Of the model's last answer. */
function finishOf(exchanges: readonly Exchange[]): string | null {
  const last = exchanges.findLast(isGenerationRequest);
  return last === undefined ? null : answerOf(last).finish;
}

/** The kernel refused something, e.g. because the disk is full. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "code" in error && "syscall" in error;
}
