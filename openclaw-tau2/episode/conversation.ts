import { readTurn, type ReadTurn } from "../../bench/agent/transcript/read-turn.ts";
import { abortedByNobody } from "../../bench/workload/turn-failure.ts";
import type { EpisodeResult } from "../../bench/workload/workload.ts";
import type { ConversationEnd, EpisodeDraft, EpisodeParts, Termination } from "./episode.ts";
import { endOfSignals, endOfThrown, finishEpisode } from "./outcome.ts";

const stopTokens = ["###STOP###", "###TRANSFER###", "###OUT-OF-SCOPE###"] as const;

/**
 * tau2's half-duplex conversation between the simulated user and an agent program, until one of tau2's ends. The agent's
 * tool rounds happen inside its turn: the tool server counts their steps and errors while they happen and ends the turn
 * when a limit is reached; what was said is read from the outer tap afterwards.
 */
export async function runEpisode(parts: EpisodeParts): Promise<EpisodeResult> {
  const draft: EpisodeDraft = { messages: [...parts.prefix], labels: new Set(parts.labels) };
  const end = await converse(parts, draft).catch((thrown: unknown) => endOfThrown(thrown, parts));
  // A call that was running when something ended the turn is in the log only now.
  logTools(parts);
  return finishEpisode(parts, draft, end);
}

/** Order of a round: the user speaks, its step counts, stop token, limits, the agent's turn, limits, the turn's outcome. */
async function converse(parts: EpisodeParts, draft: EpisodeDraft): Promise<ConversationEnd> {
  for (;;) {
    const text = await userTurn(parts, draft);
    if (text === null) {
      return endOfLimit(parts) ?? ended("user_error", "the user's message has no text");
    }
    if (stopTokens.some((token) => text.includes(token))) return ended("user_stop", null);
    const limitBefore = endOfLimit(parts);
    if (limitBefore) return limitBefore;
    const end = endOfTurn(await agentTurn(parts, draft, text), parts);
    if (end) return end;
  }
}

/** Runs the user simulator until it speaks; its tool rounds come before its text. null: it may not go on. */
async function userTurn(parts: EpisodeParts, draft: EpisodeDraft): Promise<string | null> {
  const { open, user, context, deadline } = parts;
  const signal = AbortSignal.any([context.signal, deadline.signal]);
  for (;;) {
    const message = await user.next(draft.messages, signal);
    draft.messages.push(message);
    if (!message.toolCalls) {
      await open.addSteps(1);
      return message.content;
    }
    for (const call of message.toolCalls) {
      const reply = await open.callUserTool({
        name: call.name,
        argumentsText: call.arguments,
        toolCallId: call.id,
      });
      draft.messages.push({
        role: "tool",
        toolCallId: call.id,
        content: reply.content,
        error: reply.error,
        requestor: "user",
        answeredBy: "tool-server",
      });
    }
    const { limit } = await open.addSteps(2);
    logTools({ open, context });
    if (limit) return null;
  }
}

async function agentTurn(parts: EpisodeParts, draft: EpisodeDraft, text: string): Promise<ReadTurn> {
  const { open, session, context, deadline } = parts;
  const signal = AbortSignal.any([context.signal, deadline.signal, open.limitSignal, open.lost]);
  const turn = await session.turn(text, signal);
  const calls = logTools(parts);
  const read = readTurn(turn, await context.takeExchanges(), calls);
  draft.messages.push(...read.messages);
  for (const label of read.labels) draft.labels.add(label);
  open.lost.throwIfAborted();
  if (turn.status === "answered") await open.addSteps(1);
  return read;
}

function logTools({ open, context }: Pick<EpisodeParts, "open" | "context">) {
  const calls = open.takeLog();
  for (const call of calls) context.logToolCall(call);
  return calls.filter(({ requestor }) => requestor === "assistant");
}

function ended(termination: Termination, detail: string | null): ConversationEnd {
  return { kind: "ended", termination, detail };
}

/** null: no limit has been reached. */
function endOfLimit({ open, limits }: EpisodeParts): ConversationEnd | null {
  const { errors, limit, steps } = open.counts();
  if (limit === null) return null;
  return limit === "max_steps"
    ? ended(limit, `${steps} steps of at most ${limits.maxSteps} (workload.maxSteps)`)
    : ended(limit, `${errors} failed tool calls of at most ${limits.maxErrors} (workload.maxErrors)`);
}

/** null: the agent has answered, and the conversation goes on. A failed part comes before the limits that it may have cost. */
function endOfTurn({ turn, failure, detail }: ReadTurn, parts: EpisodeParts): ConversationEnd | null {
  if (parts.context.signal.aborted) return { kind: "cancelled" };
  if (failure !== null) return { kind: "failed", failure };
  const limit = endOfLimit(parts);
  if (limit !== null) return limit;
  if (turn.status === "answered") return null;
  if (turn.status === "aborted") {
    return endOfSignals(parts) ?? { kind: "failed", failure: abortedByNobody };
  }
  return turn.status === "timed-out"
    ? { kind: "timed-out", afterMs: turn.afterMs, detail }
    : ended("agent_error", detail);
}
