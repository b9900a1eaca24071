import type { SeenCell } from "../evidence/cell-evidence.ts";
import { get, type JsonValue } from "../evidence/json-value.ts";
import { passedOf, type RecordedRun } from "../evidence/run-facts.ts";
import type { EpisodeRecord } from "../../store/record.ts";
import type { RunJson } from "../../store/run-json.ts";
import { axisFigures } from "./axes.ts";
import { cellFigures } from "./cell.ts";
import { coverageFigures } from "./coverage.ts";
import { exclusionFigures } from "./exclusions.ts";
import { floorFigures } from "./floors.ts";
import { ledgerFigures } from "./ledgers.ts";
import { lengthFigures } from "./lengths.ts";
import { NotCovered, type Expected } from "./figure.ts";
import { variantFigures } from "./variants.ts";
import { variationFigures } from "./variations.ts";
import { overheadFigures } from "./overheads.ts";
import { passAtKFigures } from "./pass-at-k.ts";
import { scoreFigures } from "./scores.ts";

/** What `report.json` of a sweep or a collection has to say. Pure. */
export function reportFigures(facts: RecordedRun, cells: readonly SeenCell[], report: JsonValue): Expected {
  const { identity } = facts.run;
  // Whether an engine is a simulator is told by the servers themselves; the label is words, and taken as it stands.
  const simulated = get(get(report, "run"), "simulated") === true;
  const { episodes } = facts;
  const waste = cells.map((cell) => wasteOf(cell));
  return {
    v: 1,
    run: {
      runId: identity.runId,
      experiment: identity.experiment,
      note: identity.note,
      createdAt: identity.createdAt,
      agent: identity.agent,
      simulated,
      gitRevision:
        identity.git === null ? null : `${identity.git.revision}${identity.git.dirty ? "+changes" : ""}`,
      host: new NotCovered("a line of words about the machine"),
      servers: new NotCovered("lines of words about the servers"),
      engines: new NotCovered("names and versions of programs, in words"),
      versions: new NotCovered("names and versions of programs, in words"),
    },
    preflights: new NotCovered(
      "what the checks before the first cell said, in words: evidence/preflight.json",
    ),
    coverage: plannedCoverage(identity.coverage),
    cells: cells.map((cell) => ({
      ...cellFigures(cell, simulated),
      ...coverageFigures(identity.coverage, cell.facts.episodes),
    })),
    ...(identity.scores && { scores: scoreFigures(identity.scores, cells, identity.coverage) }),
    variations: variationFigures(identity.resolved, cells),
    passAtK: passAtKFigures(identity, cells),
    overheads: overheadFigures(cells, report),
    ledgers: ledgerFigures(cells),
    floors: floorFigures(cells, report),
    exclusions: exclusionFigures(facts, cells, report),
    byAxis: axisFigures(identity, cells),
    lengths: lengthFigures(cells, report),
    variants: variantFigures(identity, cells, report),
    slo: new NotCovered("limits that were held or missed: rules over figures that are recomputed"),
    capacity: new NotCovered("what a search found, by rules over the limits"),
    power: new NotCovered("what the GPUs drew: readings in power.ndjson"),
    failures: new NotCovered("words, and counts that stand in the cells, too"),
    judges: new NotCovered("which judge gave how many of the rewards"),
    totals: {
      planned: identity.cells.reduce((sum, { episodeIds }) => sum + episodeIds.length, 0),
      finished: episodes.length,
      trajectories: episodes.filter(({ status }) => status !== "failed").length,
      diskBytes: new NotCovered(
        "bytes on the disk when the report was written; the report itself is among them",
      ),
      wastedAttempts: waste.reduce((sum, { attempts }) => sum + attempts, 0),
      wastedTokens: waste.reduce((sum, { tokens }) => sum + tokens, 0),
    },
    trials: trialFigures(episodes),
    definitions: new NotCovered("texts about what words mean"),
    warnings: new NotCovered("texts about files"),
  };
}

/** As run.json has it. */
function plannedCoverage(planned: RunJson["coverage"]): Expected | undefined {
  if (planned === undefined) return undefined;
  const { of, selected, total, excluded } = planned;
  return {
    of,
    selected,
    total,
    excluded: excluded.map((one) => ({ ...one })),
  };
}

function wasteOf({ stretches, facts }: SeenCell) {
  const lost = stretches.flatMap(({ seen }) =>
    seen.filter(
      ({ hop, attemptKey }) => hop === "outer" && attemptKey !== null && !facts.attempts.has(attemptKey),
    ),
  );
  const tokens = lost.reduce(
    (sum, { usage }) => sum + (usage?.promptTokens ?? 0) + (usage?.completionTokens ?? 0),
    0,
  );
  return { attempts: new Set(lost.map(({ attemptKey }) => attemptKey)).size, tokens };
}

/** A row for each trial of the tasks in each cell. */
function trialFigures(episodes: readonly EpisodeRecord[]): Expected {
  const groups = Map.groupBy(episodes, (one) =>
    JSON.stringify([one.arm, one.load, one.variant, one.repetition, one.trial]),
  );
  return [...groups.values()].map((members) => {
    const passed = members.filter((one) => passedOf(one) === true).length;
    const errors = members.filter(({ reward }) => reward === null).length;
    const [first] = members;
    const [start, end] = members.reduce(
      ([from, to], one) => [Math.min(from, one.startedNs), Math.max(to, one.endedNs)] as const,
      [Infinity, -Infinity] as const,
    );
    return {
      arm: first?.arm,
      load: first?.load,
      ...(first?.variant !== undefined && { variant: first.variant }),
      repetition: first?.repetition,
      trial: first?.trial,
      tasks: members.length,
      passed,
      failed: members.length - passed - errors,
      errors,
      seconds: new Set(members.map(({ segmentId }) => segmentId)).size === 1 ? (end - start) / 1e9 : null,
    };
  });
}
