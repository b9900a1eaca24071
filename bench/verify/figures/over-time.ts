import type { StretchEvidence } from "../evidence/cell-evidence.ts";
import { NotCovered, Rounded, type Expected } from "./figure.ts";

const steps = 120;

/** Requests in flight in each of 120 equal steps of the used stretches, one behind the other. */
export function overTimeOf(used: readonly StretchEvidence[]): Expected | undefined {
  const seconds = used.reduce((sum, one) => sum + (one.seconds ?? 0), 0);
  if (seconds <= 0) return undefined;
  const step = (seconds * 1e9) / steps;
  const inFlight = Array.from({ length: steps }, (_, index) => {
    const [from, to] = [index * step, (index + 1) * step];
    let [open, before] = [0, 0];
    for (const { seen, stretch, seconds: own } of used) {
      const length = (own ?? 0) * 1e9;
      for (const { hop, startedNs, endedNs } of seen) {
        if (hop !== "outer") continue;
        const [start, end] = [startedNs, endedNs].map(
          (ns) => before + Math.min(Math.max(ns - stretch.startedNs, 0), length),
        );
        open += Math.max(0, Math.min(end ?? 0, to) - Math.max(start ?? 0, from));
      }
      before += length;
    }
    return open / step;
  });
  return {
    seconds,
    inFlight: inFlight.map((value) => new Rounded(value, 0.001)),
    engine: new NotCovered(
      "readings of the engine's page, of which a picture shows the largest in each step",
    ),
  };
}
