import { arrivalOffsetsNs, type Arrivals } from "../load/schedule.ts";
import { gapVariation, indexOfDispersion } from "../measure/dispersion.ts";
import { percentile } from "../measure/distribution.ts";
import type { Rng } from "../measure/rng.ts";
import { chatSessions } from "./chat-sessions.ts";
import { checkRow, type CheckRow } from "./check-row.ts";
import { spreadText } from "./client-timing.ts";
import { EngineLog } from "./engine-log.ts";
import type { Rig } from "./rig.ts";

export interface ArrivalPlan {
  readonly arrivals: Arrivals;
  readonly perSecond: number;
  readonly count: number;
  readonly rng: Rng;
}

/** How the requests of an open loop arrived at the engine, and how late they left. */
export interface ArrivalQuality {
  readonly plan: Pick<ArrivalPlan, "arrivals" | "perSecond">;
  /** Heads of the requests, by the engine's clock readings. */
  readonly receivedNs: readonly number[];
  readonly latenessMs: readonly number[];
  readonly notArrived: number;
}

/** Judged from the server's log, because a client that sends badly would also say badly when it sent. */
export async function measureArrivals(
  rig: Rig,
  engineUrl: string,
  plan: ArrivalPlan,
): Promise<ArrivalQuality> {
  const log = await EngineLog.from(engineUrl);
  const shape = { turns: 1, messageChars: () => 60, outputTokens: 1 };
  const { samples } = await rig.sender.run({
    url: engineUrl,
    sessions: chatSessions(`arrivals-${plan.arrivals.kind}`, plan.count, shape),
    pace: { kind: "open", startsNs: arrivalOffsetsNs(plan.arrivals, plan) },
    timeoutMs: 20_000,
    connectionsMax: null,
    keep: { chunks: false, output: false },
  });
  const served = await log.read();
  return {
    plan,
    receivedNs: samples.flatMap(({ id }) => served.get(id)?.receivedNs ?? []),
    latenessMs: samples.flatMap(({ intendedNs, sentNs }) =>
      sentNs === null ? [] : [(sentNs - intendedNs) / 1e6],
    ),
    notArrived: plan.count - samples.filter(({ id }) => served.has(id)).length,
  };
}

/** Mean gaps in one window of the index of dispersion. */
const gapsPerWindow = 5;

export function arrivalRows({
  plan,
  receivedNs,
  latenessMs,
  notArrived,
}: ArrivalQuality): readonly CheckRow[] {
  const { arrivals, perSecond } = plan;
  const { kind } = arrivals;
  const at = `${kind} ${perSecond}/s`;
  const detail = `n ${receivedNs.length}${notArrived > 0 ? `, ${notArrived} never arrived` : ""}`;
  const variation = checkRow({
    id: `${kind}-gap-cv`,
    what: `gap CV at the server, ${at}`,
    value: notArrived > 0 ? null : gapVariation(receivedNs),
    unit: "",
    detail,
  });
  if (kind === "constant") {
    const [p50, p99] = [percentile(latenessMs, 0.5), percentile(latenessMs, 0.99)];
    const spread = spreadText(latenessMs);
    return [
      variation,
      checkRow({
        id: "lateness-p50",
        what: `p50 of send lateness, ${at}`,
        value: p50,
        unit: "ms",
        detail: spread,
      }),
      checkRow({
        id: "lateness-p99",
        what: `p99 of send lateness, ${at}`,
        value: p99,
        unit: "ms",
        detail: spread,
      }),
    ];
  }
  const [start, end] = [Math.min(...receivedNs), Math.max(...receivedNs)];
  const window = (gapsPerWindow / perSecond) * 1e9;
  const idc = indexOfDispersion(receivedNs, { start, end, window });
  return [
    variation,
    checkRow({
      id: `${kind}-idc`,
      what: `index of dispersion, ${at}`,
      value: notArrived > 0 ? null : idc,
      unit: "",
      detail: `${detail}, windows of ${gapsPerWindow} gaps`,
    }),
  ];
}
