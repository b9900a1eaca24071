import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compareRuns, type RunComparison } from "../../../bench/analysis/compare/compare-runs.ts";
import { parseThreshold } from "../../../bench/analysis/compare/threshold.ts";
import { RunDirectory } from "../../../bench/store/run-directory.ts";
import type { RunJson } from "../../../bench/store/run-json.ts";
import { tollgate } from "../../e2e/tollgate-process.ts";
import { writeSegment, type SegmentPlan } from "../../evidence/evidence-builder.ts";
import { buildIdentity, plannedCell, runStarted } from "../../store/run-builder.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-compare-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const cells = [plannedCell("raw", 12), plannedCell("gateway", 12)];
const all = cells[0]!.episodeIds.map((_, index) => index);
let made = 0;

interface RunPlan {
  readonly identity?: Partial<RunJson>;
  /** Added to every stamp after a request's start, nanoseconds. */
  readonly slowerNs?: (episode: number) => number;
  readonly segment?: Partial<SegmentPlan>;
}

async function writeRun({ identity, slowerNs = () => 0, segment = {} }: RunPlan = {}): Promise<string> {
  made += 1;
  const createdAt = new Date(Date.UTC(2026, 10, 21, 12, made)).toISOString();
  const own = buildIdentity({ runId: `laptop-${made}`, createdAt, cells, ...identity });
  await using run = await RunDirectory.create(scratch, { identity: own, pid: process.pid });
  await run.append(runStarted(own));
  for (const cell of cells) {
    const added = new Map(cell.episodeIds.map((id, index) => [id, slowerNs(index)]));
    await writeSegment(run, {
      cell,
      episodes: all,
      timing: (timing) => {
        const later = added.get(timing.episodeId ?? "") ?? 0;
        const shifted = (ns: number | null) => (ns === null ? null : ns + later);
        const { firstByteNs, firstTokenNs, lastTokenNs } = timing;
        return {
          ...timing,
          firstByteNs: shifted(firstByteNs),
          firstTokenNs: shifted(firstTokenNs),
          lastTokenNs: shifted(lastTokenNs),
          endedNs: timing.endedNs + later,
        };
      },
      ...segment,
    });
  }
  return run.path;
}

const rowOf = ({ quantities }: RunComparison, arm: string, quantity: string) =>
  quantities.find((row) => row.arm === arm && row.quantity === quantity);
const thresholds = (...texts: readonly string[]) => texts.map(parseThreshold);
const statuses = (comparison: RunComparison) =>
  comparison.thresholds.map(({ arm, expression, status }) => [arm, expression, status]);

test("a run against itself: nothing changed, every difference is 0 with an interval around it", async () => {
  const run = await writeRun();
  const comparison = await compareRuns({ before: run, after: run }, thresholds("e2e_p50 > +1%"));
  expect(comparison.changes).toEqual([]);
  expect(comparison.verdicts).toEqual([]);
  for (const { difference } of comparison.quantities) {
    expect([difference?.value ?? 0, difference?.low ?? 0, difference?.high ?? 0]).toEqual([0, 0, 0]);
  }
  expect(statuses(comparison)).toEqual([
    ["raw", "e2e_p50 > +1%", "kept"],
    ["gateway", "e2e_p50 > +1%", "kept"],
  ]);
});

test("20 ms more per request are found in the latencies and in nothing else; percentiles wait for samples", async () => {
  const before = await writeRun();
  const after = await writeRun({ slowerNs: (episode) => 20e6 + (episode % 3) * 1e6 });
  const comparison = await compareRuns(
    { before, after },
    thresholds("e2e_mean > +5%", "e2e_mean > 21ms", "e2e_mean > 50ms", "reward < 0", "ttft_p99 > 1ms"),
  );
  const e2e = rowOf(comparison, "raw", "e2e_mean");
  expect(e2e).toMatchObject({ before: expect.closeTo(240.5, 6), after: expect.closeTo(261.5, 6), units: 12 });
  expect(e2e?.difference?.value).toBeCloseTo(21, 6);
  expect(e2e?.difference?.low).toBeGreaterThan(20);
  expect(e2e?.difference?.high).toBeLessThan(22);
  expect(e2e?.relative?.value).toBeCloseTo(21 / 240.5, 6);
  expect(rowOf(comparison, "raw", "itl_mean")?.difference?.value).toBeCloseTo(0, 9);
  expect(rowOf(comparison, "raw", "ttft_p99")).toMatchObject({ difference: null, basis: "n too small" });
  expect(rowOf(comparison, "raw", "episodes_per_min")).toMatchObject({
    difference: { value: 0, low: null, high: null },
    basis: "one pair has no interval",
  });
  expect(statuses(comparison).filter(([arm]) => arm === "raw")).toEqual([
    ["raw", "e2e_mean > +5%", "crossed"],
    ["raw", "e2e_mean > 21ms", "cannot-tell"],
    ["raw", "e2e_mean > 50ms", "kept"],
    ["raw", "reward < 0", "kept"],
    ["raw", "ttft_p99 > 1ms", "cannot-tell"],
  ]);
});

test("a cell that is not valid keeps no threshold", async () => {
  const before = await writeRun();
  const after = await writeRun({ segment: { engineSkew: { completion: 5 } } });
  const comparison = await compareRuns({ before, after }, thresholds("reward < -0.5"));
  expect(comparison.verdicts.map(({ cellId, verdict }) => [cellId, verdict])).toEqual([
    ["c1-r0-raw", "token-mismatch"],
    ["c1-r0-gateway", "token-mismatch"],
  ]);
  expect(comparison.thresholds.map(({ status }) => status)).toEqual(["cannot-tell", "cannot-tell"]);
});

test("the command: exit codes, unlike runs refused with the list, @prev and @last, JSON and Markdown", async () => {
  const before = await writeRun();
  const after = await writeRun({ slowerNs: () => 20e6 });
  const other = await writeRun({
    identity: {
      hashes: { experiment: "3333", data: "4444" },
      simulated: false,
      versions: { node: "25.0.0" },
    },
  });
  const compare = (...args: readonly string[]) => tollgate(["compare", ...args, "--out", scratch]);
  const crossed = await compare(before, after, "--fail-on", "e2e_mean > +5%", "--json");
  expect(crossed.code).toBe(6);
  expect((JSON.parse(crossed.stdout) as RunComparison).thresholds.map(({ status }) => status)).toEqual([
    "crossed",
    "crossed",
  ]);
  const kept = await compare(before, after, "--fail-on", "e2e_mean > +50%", "--format", "md");
  expect(kept.code).toBe(0);
  expect(kept.stdout).toContain("| e2e_mean > +50% | raw closed:1 | kept |");
  const unlike = await compare("@prev", "@last");
  expect(unlike.code).toBe(2);
  expect(unlike.stderr).toMatch(/These runs are unlike.*hashes\.data.*simulated.*--unlike/s);
  expect(unlike.stderr).not.toContain("versions.node");
  const forced = await compare(after, other, "--unlike");
  expect(forced.code).toBe(0);
  expect(forced.stdout).toContain("versions.node");
});
