import { z } from "zod";
import { finishedEpisodes } from "../store/progress.ts";
import type { RunRecord } from "../store/record.ts";
import type { MeasuredCell } from "./measured-cell.ts";

/** What does not count somewhere, and why. */
export const exclusionSchema = z.object({
  what: z.string(),
  count: z.number().int(),
  reason: z.string(),
  cells: z.array(z.string()),
});
type Exclusion = z.infer<typeof exclusionSchema>;

/** Everything that was left out of a number, with the reason and the cells, one line per kind. */
export function exclusionsOf(cells: readonly MeasuredCell[], records: readonly RunRecord[]): Exclusion[] {
  const found: Exclusion[] = [];
  for (const { summary, path } of cells) {
    const add = (what: string, count: number, reason: string) => {
      if (count > 0) found.push({ what, count, reason, cells: [summary.cellId] });
    };
    for (const [name, count] of Object.entries(summary.episodes.byFailureClass)) {
      add("episodes", count, `failed: ${name} (no reward, no trajectory)`);
    }
    add("episodes", summary.episodes.unjudged, "unjudged: no reward, left out of the pass rate");
    for (const { segmentId, excluded, episodes } of summary.segments) {
      if (excluded !== null)
        add(
          "episodes",
          episodes,
          `segment ${segmentId} ${words[excluded] ?? excluded}: no rates, no latencies`,
        );
    }
    add("attempts", summary.waste.attempts, "no result (killed or cancelled): their tokens are waste");
    add("requests", path.unmatched, "not found at the inner tap: left out of the path");
    add("requests", path.retried, "sent more than once by the gateway: left out of the path");
    add("requests", summary.outer.withoutUsage, "answered without usage: token sums are unknown");
    const { impossibleUsage, cameAtOnce = 0 } = summary.outer;
    add("requests", cameAtOnce, "all tokens in one chunk: no ITL");
    if (impossibleUsage !== undefined) {
      const { count, first } = impossibleUsage;
      add("answers", count, `with impossible usage, which counts as not reported; the first: ${first}`);
    }
    const { requests, answered, incomplete = {} } = summary.outer;
    const incompletes = Object.entries(incomplete);
    for (const [kind, count] of incompletes)
      add(
        "requests",
        count,
        `answered with 200, but the answer ${kind}: not counted as answered, no latency`,
      );
    const errors = incompletes.reduce((sum, [, count]) => sum + count, 0);
    add("requests", requests - answered - errors, "not answered: no latency");
  }
  const replaced = records.filter(({ type }) => type === "episode").length - finishedEpisodes(records).size;
  if (replaced > 0) {
    found.push({
      what: "episodes",
      count: replaced,
      reason: "replaced by a later run (--resume after failures, or --redo)",
      cells: [],
    });
  }
  return merge(found);
}

const words: Readonly<Record<string, string>> = {
  repaired: "repaired (what failed in it was run again)",
};

function merge(found: readonly Exclusion[]): Exclusion[] {
  const groups = Map.groupBy(found, ({ what, reason }) => JSON.stringify([what, reason]));
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const count = members.reduce((sum, exclusion) => sum + exclusion.count, 0);
    return [{ ...first, count, cells: members.flatMap(({ cells }) => cells) }];
  });
}
