import { join } from "node:path";
import { startTap } from "../tap/client.ts";
import type { TapListenerTotals, TapTotals } from "../tap/control.ts";
import { schedulingText } from "../measure/real-time.ts";
import { createRng } from "../statistics/rng.ts";
import { chatSessions } from "./chat-sessions.ts";
import { checkRow, type CheckRow } from "./check-row.ts";
import { EngineLog, type EngineRequest } from "./engine-log.ts";
import { estimate, rangeText } from "./paired-estimate.ts";
import { measurePaired, pairCount, type PairedOutcome } from "./paired-arms.ts";
import type { PairedSize } from "./paired-size.ts";
import type { SelftestStack, Sender } from "./selftest-stack.ts";

export interface TapMeasurement {
  /** Straight to the engine against through both taps. */
  readonly outcome: PairedOutcome;
  /** What the taps counted. */
  readonly totals: TapTotals;
  /** What the engine logged of everything that was sent meanwhile. */
  readonly engine: ReadonlyMap<string, EngineRequest>;
}

/** The way of a run's raw arm, client -> outer tap -> inner tap -> engine, against no taps at all. */
export async function measureTaps(
  stack: SelftestStack,
  engineUrl: string,
  size: PairedSize,
): Promise<TapMeasurement> {
  const { environment, directory, keeper } = stack;
  await using tap = await startTap({
    environment,
    logFile: join(directory, "tap.log"),
    ...(keeper && { keeper }),
  });
  stack.scheduling.set("taps", schedulingText(tap.scheduling));
  const inner = await tap.listen({ name: "inner", hop: "inner", arm: "raw", upstream: engineUrl });
  const outer = await tap.listen({ name: "outer", hop: "outer", arm: "raw", upstream: inner });
  const log = await EngineLog.from(engineUrl);
  const engine = new Map<string, EngineRequest>();
  // After each leg: the engine remembers its latest requests only, and blocks may have to be repeated often.
  const reading: Sender = {
    run: async (plan, options) => {
      const result = await stack.sender.run(plan, options);
      for (const [id, served] of await log.read()) engine.set(id, served);
      return result;
    },
  };
  await tap.openSegment(join(directory, "taps"), false);
  const outcome = await measurePaired(
    { ...stack, sender: reading },
    {
      ...size,
      baseline: engineUrl,
      target: outer,
      rng: createRng(3),
      sessions: (label, count) =>
        chatSessions(`taps-${label}`, count, { turns: 1, messageChars: () => 200, outputTokens: 4 }),
    },
  );
  const { totals } = await tap.closeSegment();
  return { outcome, totals, engine };
}

/** The end of the interval has to keep the limit: an estimate that may be anything keeps none. */
export function tapRows({ outcome }: Pick<TapMeasurement, "outcome">): readonly CheckRow[] {
  const pairs = pairCount(outcome);
  return (["TTFT", "E2E"] as const).map((metric) => {
    const interval = estimate(outcome, metric);
    return checkRow({
      id: `taps-${metric.toLowerCase()}`,
      what: `both taps add to ${metric}, at most`,
      value: interval?.high ?? null,
      unit: "ms",
      detail: `${interval?.estimate.toFixed(3) ?? "?"}, 95 %: ${rangeText(interval)}, ${pairs} pairs`,
    });
  });
}

/** Requests of the tapped arm whose tokens are not the same at the client, at both taps and in the engine. */
export function tokenRow({ outcome, totals, engine }: TapMeasurement): CheckRow {
  const samples = outcome.blocks.flatMap(({ paired }) =>
    paired.flatMap(({ baseline, arm }) => [...baseline, ...arm]),
  );
  const unequal = samples.filter(({ id, usage }) => {
    const served = engine.get(id);
    return (
      served === undefined ||
      usage === null ||
      usage.promptTokens !== served.promptTokens ||
      usage.completionTokens !== served.outputTokens
    );
  });
  const { inner, outer } = totals;
  const tapped = [...engine].filter(([id]) => id.startsWith("taps-target-")).map(([, served]) => served);
  const expected = {
    requests: tapped.length,
    promptTokens: tapped.reduce((sum, { promptTokens }) => sum + promptTokens, 0),
    completionTokens: tapped.reduce((sum, { outputTokens }) => sum + outputTokens, 0),
  };
  const tapsOff = [inner, outer].filter((tap) => !tap || !sameCounts(tap, expected)).length;
  return checkRow({
    id: "token-mismatches",
    what: "token counts that differ from the engine's ids",
    value: samples.length === 0 ? null : unequal.length + tapsOff,
    unit: "",
    detail: `${samples.length} requests, ${expected.promptTokens} + ${expected.completionTokens} tokens tapped`,
  });
}

type Counts = Pick<TapListenerTotals, "requests" | "promptTokens" | "completionTokens">;

function sameCounts(tap: TapListenerTotals, expected: Counts): boolean {
  return (
    tap.requests === expected.requests &&
    tap.promptTokens === expected.promptTokens &&
    tap.completionTokens === expected.completionTokens &&
    tap.withoutUsage === 0
  );
}
