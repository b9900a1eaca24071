import type { SeenCell, StretchEvidence } from "../evidence/cell-evidence.ts";
import { get, type JsonValue } from "../evidence/json-value.ts";
import type { RecordedRun } from "../evidence/run-facts.ts";
import { cameInOnePiece } from "../evidence/taps.ts";
import { NotCovered, type Expected } from "./figure.ts";
import { hopsOf } from "./hops.ts";

interface LeftOut {
  readonly what: string;
  readonly count: number;
  readonly reason: string;
  readonly cells: readonly string[];
}

/** What was left out of a figure, with how many and in which cells: of the plan, of each cell, and of the records. */
export function exclusionFigures(
  { run, replaced }: RecordedRun,
  cells: readonly SeenCell[],
  report: JsonValue,
): Expected {
  if (cells.some((cell) => !isKnown(cell)))
    return new NotCovered("requests that no id joins, or answers that are not complete: kinds by words");
  const { coverage } = run.identity;
  const unplanned = (coverage?.excluded ?? []).map(({ reason, count }) => {
    return { what: coverage?.of ?? "tasks", count, reason: `not in the plan: ${reason}`, cells: [] };
  });
  // Older reports say it in their coverage only.
  const said = JSON.stringify(get(report, "exclusions")).includes('"not in the plan: ');
  const found = new Map<string, LeftOut>();
  for (const one of cells.flatMap(leftOutOf)) {
    const key = JSON.stringify([one.what, one.reason]);
    const { count = 0, cells: others = [] } = found.get(key) ?? {};
    found.set(key, { ...one, count: count + one.count, cells: [...others, ...one.cells] });
  }
  const again = {
    what: "episodes",
    count: replaced,
    reason: "replaced by a later run (--resume after failures, or --redo)",
    cells: [],
  };
  const all = [...(said ? unplanned : []), ...found.values(), ...(replaced > 0 ? [again] : [])];
  return all.map((one) => ({ ...one }));
}

function isKnown(cell: SeenCell): boolean {
  return hopsOf(cell).byIdAlone && cell.outer.every(({ incomplete = null }) => incomplete === null);
}

function leftOutOf(cell: SeenCell): readonly LeftOut[] {
  const { facts, stretches, outer } = cell;
  const { episodes, planned } = facts;
  const failed = Map.groupBy(
    episodes.flatMap(({ failure }) => failure?.class ?? []),
    (name) => name,
  );
  const unjudged = episodes.filter(({ reward, status }) => reward === null && status !== "failed").length;
  const answered = outer.filter((request) => request.answered);
  const impossible = outer.flatMap(({ impossibleUsage }) => impossibleUsage ?? []);
  const rows: readonly (readonly [string, number, string])[] = [
    ...[...failed].map(
      ([name, { length }]) => ["episodes", length, `failed: ${name} (no reward, no trajectory)`] as const,
    ),
    ["episodes", unjudged, "unjudged: no reward, left out of the pass rate"],
    ...stretches.flatMap(stretchRow),
    ["attempts", unrecorded(cell), "no result (killed or cancelled): their tokens are waste"],
    ["requests", hopsOf(cell).retried, "sent more than once by the gateway: left out of the path"],
    [
      "requests",
      answered.filter(({ usage }) => usage === null).length,
      "answered without usage: token sums are unknown",
    ],
    ["requests", answered.filter(cameInOnePiece).length, "all tokens in one chunk: no ITL"],
    [
      "answers",
      impossible.length,
      `with impossible usage, which counts as not reported; the first: ${impossible[0] ?? ""}`,
    ],
    ["requests", outer.length - answered.length, "not answered: no latency"],
  ];
  return rows.flatMap(([what, count, reason]) =>
    count > 0 ? [{ what, count, reason, cells: [planned.cellId] }] : [],
  );
}

function stretchRow({ stretch, excluded, episodes }: StretchEvidence) {
  if (excluded === null) return [];
  const why = excluded === "repaired" ? "repaired (what failed in it was run again)" : excluded;
  return [["episodes", episodes, `segment ${stretch.segmentId} ${why}: no rates, no latencies`] as const];
}

/** Attempts that asked the model and have no record. */
function unrecorded({ stretches, facts }: SeenCell): number {
  const asked = stretches.flatMap(({ seen }) =>
    seen.flatMap(({ hop, attemptKey }) => (hop === "outer" && attemptKey !== null ? [attemptKey] : [])),
  );
  return new Set(asked.filter((key) => !facts.attempts.has(key))).size;
}
