import { endToEnd, interTokenInterval, timeToFirstToken } from "../analysis/cell/latency.ts";
import { isAnswered, isGenerationRequest, type TapTiming } from "./tap-timing.ts";

/** Milliseconds, a value per request that has it. */
export interface RequestLatencies {
  readonly ttft: readonly number[];
  readonly itl: readonly number[];
  readonly e2e: readonly number[];
}

/** Latencies of the answered generations at the outer tap by episode id; requests without one are left out. */
export function requestLatencies(timings: readonly TapTiming[]): ReadonlyMap<string, RequestLatencies> {
  const answered = timings.filter(
    (timing) => timing.hop === "outer" && isGenerationRequest(timing) && isAnswered(timing),
  );
  const groups = Map.groupBy(answered, ({ episodeId }) => episodeId);
  const known = (members: readonly TapTiming[], of: (timing: TapTiming) => number | null) =>
    members.flatMap((timing) => of(timing) ?? []);
  return new Map(
    [...groups].flatMap(([episodeId, members]) => {
      if (episodeId === null) return [];
      const latencies: RequestLatencies = {
        ttft: known(members, timeToFirstToken),
        itl: known(members, interTokenInterval),
        e2e: known(members, endToEnd),
      };
      return [[episodeId, latencies] as const];
    }),
  );
}
