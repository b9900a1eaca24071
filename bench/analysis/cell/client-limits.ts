import { minimumSamples } from "../../statistics/distribution.ts";
import type { Pressure } from "../../store/segment-facts.ts";
import type { VerdictReason } from "./verdict.ts";

/** Above this share of busy time an event loop delays what passes through it. */
export const utilizationMax = 0.7;
/** A loop that is later than this in one of a hundred timers has late stamps, too. */
export const loopDelayP99MsMax = 50;
/** One standstill that is longer than both of these counts: all requests in flight waited for its end. */
export const standstillMsMax = 500;
const standstillShareMax = 0.05;

/** Whether the client's side held the measurement up. A process that did not answer may be the busiest of all. */
export function eventLoopReasons(pressure: readonly Pressure[], seconds: number | null): VerdictReason[] {
  return pressure.flatMap((process) => [...busyReasons(process), ...lateReasons(process, seconds)]);
}

function busyReasons({ process, eventLoopUtilization: busy }: Pressure): VerdictReason[] {
  if (busy === null) return [limited(`${process} did not say how busy it was`)];
  if (busy <= utilizationMax) return [];
  const percent = `${(busy * 100).toFixed(0)} % of the time (limit ${utilizationMax * 100} %)`;
  return [limited(`${process} was busy ${percent}`)];
}

function lateReasons({ process, loopDelayMs: delay }: Pressure, seconds: number | null): VerdictReason[] {
  if (delay === null || delay === undefined) return [];
  const { samples, p99, max } = delay;
  if (samples >= minimumSamples(0.99) && p99 > loopDelayP99MsMax) {
    return [
      limited(
        `${process}: its event loop ran ${p99.toFixed(0)} ms late at p99 (limit ${loopDelayP99MsMax} ms)`,
      ),
    ];
  }
  if (max <= standstillMsMax || (seconds !== null && max <= standstillShareMax * 1000 * seconds)) return [];
  return [limited(`${process}: its event loop stood still for ${(max / 1000).toFixed(1)} s`)];
}

/** Above this share of stolen time latencies are those of the machine, not of the engine; less than it is common. */
export const stolenShareMax = 0.1;

/** Whether the hypervisor gave the processors to others, over the segments. One reason, however many it was. */
export function stolenReasons(shares: readonly (number | null | undefined)[]): VerdictReason[] {
  const above = shares.flatMap((share) => (share && share > stolenShareMax ? [share] : []));
  if (above.length === 0) return [];
  const percent = `${(100 * Math.max(...above)).toFixed(0)} % of the processors' time`;
  const limit = `limit ${100 * stolenShareMax} %`;
  return [
    limited(
      shares.length === 1
        ? `the hypervisor took ${percent} (${limit})`
        : `the hypervisor took up to ${percent} (${limit}, above it in ${above.length} of ${shares.length} segments)`,
    ),
  ];
}

/** What a load generator was to do and did, over the steady window. */
export interface SendFacts {
  /** e.g. the arm */
  readonly name: string;
  /** Sends per second of the schedule itself, not its nominal rate; null for a closed loop, which has none. */
  readonly plannedPerSecond: number | null;
  readonly sentPerSecond: number | null;
  /** From intended to real send, milliseconds; null where nothing was sent, or too little to say. */
  readonly latenessMs: { readonly p50: number | null; readonly p99: number | null } | null;
}

/** A load that is further off than this is another load. */
export const rateErrorMax = 0.05;
export const latenessMsMax = { p50: 1, p99: 20 } as const;

/** `rate-missed`: the load was not what was asked for. `client-limited`: it was, and the client sent it late. */
export function sendReasons(sends: readonly SendFacts[]): VerdictReason[] {
  return sends.flatMap(({ name, plannedPerSecond, sentPerSecond, latenessMs }) => {
    const reasons: VerdictReason[] = [];
    if (plannedPerSecond !== null && plannedPerSecond > 0) {
      const error = sentPerSecond === null ? -1 : sentPerSecond / plannedPerSecond - 1;
      if (Math.abs(error) > rateErrorMax) {
        const rates = `${(sentPerSecond ?? 0).toFixed(2)}/s sent of ${plannedPerSecond.toFixed(2)}/s planned`;
        const off = `${(100 * error).toFixed(1)} %, limit ±${rateErrorMax * 100} %`;
        reasons.push({ verdict: "rate-missed", detail: `${name}: ${rates} (${off})` });
      }
    }
    for (const quantile of ["p50", "p99"] as const) {
      const late = latenessMs?.[quantile] ?? null;
      const limit = latenessMsMax[quantile];
      if (late !== null && late > limit) {
        reasons.push(
          limited(
            `${name}: requests were sent ${late.toFixed(1)} ms late at ${quantile} (limit ${limit} ms)`,
          ),
        );
      }
    }
    return reasons;
  });
}

function limited(detail: string): VerdictReason {
  return { verdict: "client-limited", detail };
}
