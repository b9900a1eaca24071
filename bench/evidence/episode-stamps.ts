import { join } from "node:path";
import { z } from "zod";
import { eachJsonLine, type StoreWarning } from "../store/read-run.ts";
import type { EpisodeRecord } from "../store/record.ts";
import { joinHops } from "./hop-join.ts";
import type { TapTiming } from "./tap-timing.ts";
import { isGenerationRequest } from "../workload/exchange.ts";

/** Monotonic nanoseconds. */
export interface Span {
  readonly startedNs: number;
  readonly endedNs: number;
}

/** One model call of the agent. `inner`: what the engine did for it; empty where that was not seen. */
export interface AgentCall extends Span {
  readonly inner: readonly (Span & { readonly firstTokenNs: number | null })[];
}

export interface EpisodeStamps extends Span {
  /** Calls of the arm's session (start, reward, export): how long they took is known, not when they were. */
  readonly sessionNs: number;
  readonly agentCalls: readonly AgentCall[];
  readonly userCalls: readonly Span[];
  readonly tools: readonly Span[];
}

/** When a tool was asked for and when it had answered. */
export interface ToolTime extends Span {
  readonly attemptKey: string;
}

const toolLineSchema = z.object({ attemptKey: z.string(), receivedNs: z.number(), endedNs: z.number() });

/** The tool calls of a segment; none when it has no `tools.ndjson`. Throws RunUnreadableError on a damaged line. */
export async function readToolTimes(
  segmentDirectory: string,
  warnings: StoreWarning[],
  wanted?: (line: Buffer) => boolean,
): Promise<readonly ToolTime[]> {
  const times: ToolTime[] = [];
  const file = { path: join(segmentDirectory, "tools.ndjson"), schema: toolLineSchema };
  await eachJsonLine({ ...file, ...(wanted && { wanted }) }, warnings, (line) => {
    const { attemptKey, receivedNs: startedNs, endedNs } = line;
    times.push({ attemptKey, startedNs, endedNs });
  });
  return times;
}

/** What the taps and the tool server saw of each episode, by episode id. Episodes without an attempt key are left out. */
export function stampsOf(
  episodes: readonly EpisodeRecord[],
  seen: { readonly timings: readonly TapTiming[]; readonly tools: readonly ToolTime[] },
): ReadonlyMap<string, EpisodeStamps> {
  const generations = seen.timings.filter(isGenerationRequest);
  const inner = Map.groupBy(
    generations.filter(({ hop }) => hop === "inner"),
    ({ requestId }) => requestId,
  );
  const paired = new Map(joinHops(seen.timings).pairs.map((pair) => [pair.outer, pair.inner] as const));
  const innerOf = (outer: TapTiming): readonly TapTiming[] => {
    const pair = paired.get(outer);
    return inner.get(outer.requestId) ?? (pair === undefined ? [] : [pair]);
  };
  const timings = Map.groupBy(generations, ({ attemptKey }) => attemptKey);
  const tools = Map.groupBy(seen.tools, ({ attemptKey }) => attemptKey);
  const stamps = new Map<string, EpisodeStamps>();
  for (const { episodeId, attemptKey, startedNs, endedNs, sessionMs } of episodes) {
    if (attemptKey === undefined) continue;
    const own = timings.get(attemptKey) ?? [];
    const sessionTotalMs = (sessionMs?.start ?? 0) + (sessionMs?.reward ?? 0) + (sessionMs?.export ?? 0);
    stamps.set(episodeId, {
      startedNs,
      endedNs,
      sessionNs: Math.round(sessionTotalMs * 1e6),
      agentCalls: own
        .filter(({ hop }) => hop === "outer")
        .map((outer) => ({ ...spanOf(outer), inner: innerOf(outer).map(engineSpanOf) })),
      userCalls: own.filter(({ hop }) => hop === "user").map(spanOf),
      tools: tools.get(attemptKey) ?? [],
    });
  }
  return stamps;
}

function engineSpanOf({ startedNs, endedNs, firstTokenNs }: TapTiming): AgentCall["inner"][number] {
  return { startedNs, endedNs, firstTokenNs };
}

function spanOf({ startedNs, endedNs }: Span): Span {
  return { startedNs, endedNs };
}
