import { arrivalOffsetsNs, type Arrivals } from "../load/schedule.ts";
import { gapVariation, indexOfDispersion } from "../statistics/dispersion.ts";
import { meanOf, percentile } from "../statistics/distribution.ts";
import type { Rng } from "../statistics/rng.ts";
import { chatSessions } from "./chat-sessions.ts";
import { checkRow, type CheckRow } from "./check-row.ts";
import { spreadText } from "./client-timing.ts";
import { EngineLog } from "./engine-log.ts";
import type { SelftestStack } from "./selftest-stack.ts";
import { undisturbed } from "./undisturbed.ts";

export interface ArrivalPlan {
  readonly arrivals: Arrivals;
  readonly perSecond: number;
  /** Requests of one piece. */
  readonly count: number;
  /** Loads that follow each other: where one is disturbed, only that one is lost. */
  readonly pieces: number;
  readonly rng: Rng;
}

/** How the requests of an open loop arrived at the engine, and how late they left. */
export interface ArrivalQuality {
  readonly plan: Pick<ArrivalPlan, "arrivals" | "perSecond">;
  readonly pieces: readonly ArrivalPiece[];
  readonly repeated: number;
}

export interface ArrivalPiece {
  /** Heads of the requests, by the engine's clock readings. */
  readonly receivedNs: readonly number[];
  readonly latenessMs: readonly number[];
  readonly notArrived: number;
}

/**
 * Share of the processors' time that may be stolen from a piece. One standstill of 20 ms among 100 gaps of 20 ms is a
 * coefficient of variation of 0.12, so that a constant rate bears no stolen tick (10 ms); random gaps hardly show it.
 */
const acceptedByKind = { constant: 0.002, poisson: 0.01, gamma: 0.01 } as const;

/** Judged from the server's log, because a client that sends badly would also say badly when it sent. */
export async function measureArrivals(
  stack: SelftestStack,
  engineUrl: string,
  plan: ArrivalPlan,
): Promise<ArrivalQuality> {
  const { kind } = plan.arrivals;
  const limits = { times: plan.pieces, acceptedStolenShare: acceptedByKind[kind] };
  const { kept, repeated } = await undisturbed(stack, limits, (at) =>
    measurePiece(stack, engineUrl, { ...plan, label: `arrivals-${kind}-${at}` }),
  );
  return { plan, pieces: kept, repeated };
}

async function measurePiece(
  stack: SelftestStack,
  engineUrl: string,
  plan: ArrivalPlan & { readonly label: string },
): Promise<ArrivalPiece> {
  const log = await EngineLog.from(engineUrl);
  const shape = { turns: 1, messageChars: () => 60, outputTokens: 1 };
  const { samples } = await stack.sender.run({
    url: engineUrl,
    sessions: chatSessions(plan.label, plan.count, shape),
    pace: { kind: "open", startsNs: arrivalOffsetsNs(plan.arrivals, plan) },
    timeoutMs: 20_000,
    connectionsMax: null,
    keep: { chunks: false, output: false },
  });
  const served = await log.read();
  return {
    receivedNs: samples.flatMap(({ id }) => served.get(id)?.receivedNs ?? []),
    latenessMs: samples.flatMap(({ intendedNs, sentNs }) =>
      sentNs === null ? [] : [(sentNs - intendedNs) / 1e6],
    ),
    notArrived: plan.count - samples.filter(({ id }) => served.has(id)).length,
  };
}

/** Mean gaps in one window of the index of dispersion. */
const gapsPerWindow = 5;

export function arrivalRows({ plan, pieces, repeated }: ArrivalQuality): readonly CheckRow[] {
  const { arrivals, perSecond } = plan;
  const { kind } = arrivals;
  const at = `${kind} ${perSecond}/s`;
  const sum = (count: (piece: ArrivalPiece) => number) =>
    pieces.reduce((total, piece) => total + count(piece), 0);
  const notArrived = sum((piece) => piece.notArrived);
  const detail = [
    `n ${sum(({ receivedNs }) => receivedNs.length)}`,
    ...(repeated > 0 ? [`${pieces.length} pieces, ${repeated} repetitions`] : []),
    ...(notArrived > 0 ? [`${notArrived} never arrived`] : []),
  ].join(", ");
  const variation = checkRow({
    id: `${kind}-gap-cv`,
    what: `gap CV at the server, ${at}`,
    value: notArrived > 0 ? null : rootMeanSquare(pieces.map(({ receivedNs }) => gapVariation(receivedNs))),
    unit: "",
    detail,
  });
  if (kind === "constant") {
    const latenessMs = pieces.flatMap((piece) => piece.latenessMs);
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
  const window = (gapsPerWindow / perSecond) * 1e9;
  const dispersions = pieces.map(({ receivedNs }) =>
    indexOfDispersion(receivedNs, { start: Math.min(...receivedNs), end: Math.max(...receivedNs), window }),
  );
  return [
    variation,
    checkRow({
      id: `${kind}-idc`,
      what: `index of dispersion, ${at}`,
      value: notArrived > 0 || dispersions.includes(null) ? null : meanOf(dispersions as number[]),
      unit: "",
      detail: `${detail}, windows of ${gapsPerWindow} gaps`,
    }),
  ];
}

/** Pieces are alike, so their variances have equal weight. null when one is unknown. */
function rootMeanSquare(values: readonly (number | null)[]): number | null {
  const squares = values.map((value) => (value === null ? Number.NaN : value ** 2));
  const mean = meanOf(squares);
  return Number.isFinite(mean) ? Math.sqrt(mean) : null;
}
