import { Deadline, longestTimerMs } from "../../../bench/measure/deadline.ts";
import type { AgentSession } from "../../../bench/agent/agent.ts";
import { readTurn, type ReadTurn } from "../../../bench/agent/transcript/read-turn.ts";
import type { SandboxEnd } from "../../../bench/sandbox/sandbox.ts";
import type { OpenEpisode } from "../../../bench/tools/server.ts";
import { ToolServerError } from "../../../bench/tools/tool-server-error.ts";
import type { Exchange } from "../../../bench/workload/exchange.ts";
import type { AttemptContext, Failure, ToolCallLog } from "../../../bench/workload/workload.ts";
import type { ToolUseCase } from "../contract/case.ts";
import type { CasePlace } from "../place/open-place.ts";
import type { ToolUseTools } from "../tools/tool-use-tools.ts";
import { roundsMax } from "./open-session.ts";

export interface Played {
  readonly read: ReadTurn;
  readonly log: readonly ToolCallLog[];
  readonly exchanges: readonly Exchange[];
  /** Whether the model saw something else than what was sent. */
  readonly rewritten: boolean;
  /** What ended the turn from outside; null: nothing did. */
  readonly stopped: TurnStop | null;
}

type TurnStop =
  | { readonly kind: "failure"; readonly failure: Failure }
  | { readonly kind: "limit"; readonly termination: string; readonly detail: string };

export interface Stage {
  readonly task: ToolUseCase;
  readonly place: CasePlace;
  readonly open: OpenEpisode<ToolUseTools>;
  readonly session: AgentSession;
  readonly attempt: AttemptContext;
}

/** One turn of the agent, to its end or to what ends it, and all that was seen of it. */
export async function play({ task, place, open, session, attempt }: Stage): Promise<Played> {
  using stop = new Deadline(longestTimerMs, attempt.signal, place.ended, open.lost, open.limitSignal);
  const turn = await session.turn(task.prompt, stop.signal).catch((thrown: unknown) => {
    if (thrown instanceof ToolServerError) return { status: "aborted", lost: thrown } as const;
    throw thrown;
  });
  const log = open.takeLog();
  for (const line of log) attempt.logToolCall(line);
  const exchanges = await attempt.takeExchanges();
  const read = readTurn("lost" in turn ? { status: "aborted" } : turn, exchanges, log);
  const lost = "lost" in turn ? turn.lost : open.lost.aborted ? (open.lost.reason as Error) : null;
  const rewritten = session.promptMisses() > 0;
  return { read, log, exchanges, rewritten, stopped: stopOf(place, open, lost) };
}

function stopOf(place: CasePlace, open: OpenEpisode<ToolUseTools>, lost: Error | null): TurnStop | null {
  if (place.ended.aborted) {
    const { limit, message } = place.ended.reason as SandboxEnd;
    return limit === null
      ? { kind: "failure", failure: { class: "harness", message: `the sandbox ended: ${message}` } }
      : { kind: "limit", termination: `${limit}_limit`, detail: message };
  }
  if (lost !== null) return { kind: "failure", failure: { class: "tool-server", message: lost.message } };
  if (!open.limitSignal.aborted) return null;
  const detail = `the model made calls in ${roundsMax} answers and went on`;
  return { kind: "limit", termination: "call_limit", detail };
}
