import { reached } from "../../../bench/agent/attempt/reached-part.ts";
import type { AgentSession, OwnToolCall } from "../../../bench/agent/agent.ts";
import { readTurn, type ReadTurn } from "../../../bench/agent/transcript/read-turn.ts";
import { systemClock } from "../../../bench/measure/clock.ts";
import { ToolServerError } from "../../../bench/tools/tool-server-error.ts";
import type { OpenEpisode } from "../../../bench/tools/server.ts";
import type { TranscriptMessage } from "../../../bench/transcript/transcript.ts";
import { abortedByNobody } from "../../../bench/workload/turn-failure.ts";
import type {
  AttemptContext,
  EpisodeResult,
  EpisodeTask,
  Failure,
  ToolCallLog,
} from "../../../bench/workload/workload.ts";
import type { Baseline } from "../scoring/validators/checks.ts";
import { turnFindings } from "../scoring/validators/find.ts";
import { renderTemplate } from "../contract/template.ts";
import type { WorkspaceTools } from "../tools/workspace-tools.ts";
import { endOf, type TaskPlace } from "../workspace/open-place.ts";
import { changedBetween } from "../workspace/workspace-files.ts";
import { observeTurn } from "./observe-turn.ts";
import { openSession } from "./open-session.ts";
import type { TasksParts } from "./parts.ts";
import type { Told } from "./told.ts";
import { nextTurn } from "./turn-conditions.ts";
import { Deadline } from "../../../bench/measure/deadline.ts";

/** What a conversation takes. */
export interface TaskConversation {
  readonly parts: TasksParts;
  readonly place: TaskPlace;
  readonly baseline: Baseline;
  readonly episode: EpisodeTask;
  readonly attempt: AttemptContext;
  /** Of the whole task. */
  readonly deadline: { readonly signal: AbortSignal; readonly afterMs: number };
}

/** How it ended: by an end that is scored, or by one that is not. */
export type TaskEnd =
  | {
      readonly kind: "ended";
      readonly termination: string;
      readonly detail: string | null;
      readonly crash: string | null;
    }
  | { readonly kind: "timed-out"; readonly afterMs: number; readonly detail: string }
  | { readonly kind: "failed"; readonly failure: Failure }
  | { readonly kind: "cancelled" }
  /** Nothing was said. */
  | { readonly kind: "not-started"; readonly result: EpisodeResult };

interface SessionInUse {
  readonly open: OpenEpisode<WorkspaceTools>;
  readonly session: AgentSession;
}

/** Says a task's turns one after the other, in one session unless the task wants a fresh one, and looks after each what has changed. */
export async function converse(conversation: TaskConversation, told: Told): Promise<TaskEnd> {
  const { place, attempt } = conversation;
  let current: SessionInUse | null = null;
  let files = place.before;
  try {
    const { turns } = place.task;
    for (let said = nextTurn(turns, 0, told); said !== null; said = nextTurn(turns, said.index + 1, told)) {
      const { index, turn } = said;
      const { message, newSession } = turn;
      if (current === null || newSession) {
        await closeOpened(current);
        current = null;
        const opened = await openNext(conversation, told, index);
        if ("result" in opened) return { kind: "not-started", result: opened.result };
        current = opened.value;
      }
      const text = renderTemplate(message, place.values);
      const played = await playTurn(conversation, current, text);
      const after = await place.files.look();
      const seen = observeTurn({
        ...played,
        index,
        message: text,
        changedFiles: changedBetween(files, after),
      });
      files = after;
      told.turns.push(seen.turn);
      told.calls.push(...seen.calls);
      told.messages.push(asked(text), ...played.read.messages);
      told.exchanges.push(...played.exchanges);
      for (const label of played.read.labels) told.labels.add(label);
      if (current.session.promptMisses() > 0) told.labels.add("prompt-rewritten");
      const end = endOfTurn(conversation, current, played.read);
      if (end !== null && end.kind !== "ended" && end.kind !== "timed-out") return end;
      const { task, sandbox, hostDirectory, values } = place;
      const checked = { task, sandbox, hostDirectory, values, signal: attempt.signal };
      told.findings.push(...(await turnFindings(checked, conversation.baseline, { index, turn: seen.turn })));
      if (end !== null) return end;
    }
    return { kind: "ended", termination: "finished", detail: null, crash: null };
  } finally {
    await closeOpened(current);
  }
}

async function openNext(
  { parts, place, episode, attempt, deadline }: TaskConversation,
  told: Told,
  turn: number,
) {
  const key = told.turns.length === 0 ? attempt.attemptKey : `${attempt.attemptKey}-s${turn}`;
  const opening = {
    episodeId: attempt.episodeId,
    key,
    endpoint: attempt.agent,
    seed: episode.seed,
    turnTimeoutMs: deadline.afterMs,
  };
  const opened = await reached("tool-server", attempt, () => openSession(parts, place, opening));
  if ("result" in opened) return opened;
  const { open, request } = opened.value;
  told.opening = { system: request.system, tools: request.tools };
  const joined = await reached("agent-process", attempt, () => parts.driver.openSession(request));
  if ("value" in joined) return { value: { open, session: joined.value } };
  await open.close();
  return joined;
}

async function closeOpened(current: SessionInUse | null): Promise<void> {
  if (current === null) return;
  await current.session[Symbol.asyncDispose]();
  await current.open.close();
}

async function playTurn(
  { place, attempt, deadline }: TaskConversation,
  { open, session }: SessionInUse,
  text: string,
) {
  using stop = new Deadline(deadline.afterMs, attempt.signal, deadline.signal, place.ended, open.lost);
  const promptedNs = systemClock.nowNs();
  const turn = await session.turn(text, stop.signal).catch((thrown: unknown) => {
    if (thrown instanceof ToolServerError) return { status: "aborted", lost: thrown } as const;
    throw thrown;
  });
  const endedNs = systemClock.nowNs();
  const own = session.takeOwnCalls?.() ?? [];
  const log = [...open.takeLog(), ...own.map((call) => logLine(call, attempt))];
  for (const line of log) attempt.logToolCall(line);
  const exchanges = await attempt.takeExchanges();
  const read = readTurn("lost" in turn ? { status: "aborted" } : turn, exchanges, log);
  const lost = "lost" in turn ? turn.lost : null;
  return {
    read: lost === null ? read : { ...read, failure: failureOf(lost) },
    log,
    exchanges,
    promptedNs,
    endedNs,
  };
}

/** An agent's own tools are executed by the agent program, as a tool server executes those of a workload. */
function logLine(
  { toolCallId, name, argumentsText, content, error, startedNs, endedNs }: OwnToolCall,
  { episodeId, attemptKey }: AttemptContext,
): ToolCallLog {
  const call = { toolCallId, name, argumentsText, content, error };
  return {
    episodeId,
    attemptKey,
    ...call,
    requestor: "assistant",
    receivedNs: startedNs,
    startedNs,
    endedNs,
  };
}

const failureOf = ({ message }: Error): Failure => ({ class: "tool-server", message });

/** null: the agent has answered. A failed part comes first, then whoever ended the turn, then the agent's own end. */
function endOfTurn(
  { place, attempt, deadline }: TaskConversation,
  { open }: SessionInUse,
  { turn, failure, detail }: ReadTurn,
): TaskEnd | null {
  if (attempt.signal.aborted) return { kind: "cancelled" };
  const ended = endOf(place);
  if (ended !== null && ended.limit !== null) {
    const termination = `${ended.limit}_limit`;
    return { kind: "ended", termination, detail: ended.message, crash: termination };
  }
  if (ended !== null)
    return { kind: "failed", failure: { class: "harness", message: `the sandbox ended: ${ended.message}` } };
  if (open.lost.aborted) return { kind: "failed", failure: failureOf(open.lost.reason as Error) };
  if (failure !== null) return { kind: "failed", failure };
  if (deadline.signal.aborted)
    return {
      kind: "timed-out",
      afterMs: deadline.afterMs,
      detail: `the task took longer than ${deadline.afterMs / 1000} s`,
    };
  if (turn.status === "answered") return null;
  if (turn.status === "aborted") return { kind: "failed", failure: abortedByNobody };
  return turn.status === "timed-out"
    ? { kind: "timed-out", afterMs: turn.afterMs, detail: detail ?? "" }
    : { kind: "ended", termination: "agent_error", detail, crash: "agent_error" };
}

function asked(text: string): TranscriptMessage {
  return { role: "user", content: text, toolCalls: null, requestId: null, usage: null };
}
