import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { measureDelay } from "../../bench/selftest/delay-coverage.ts";
import { biasMs, halfWidthMs, rangeText, type CoverageCase } from "../../bench/selftest/paired-estimate.ts";
import { startEngine } from "../../bench/selftest/selftest-stack.ts";
import { testStack } from "./stack.ts";

/**
 * Live runs against a proxy whose delay nobody here knows: the process draws shape, place and size from its seed, and its
 * own log is read when the estimate stands. TOLLGATE_COVERAGE_RUNS runs a part of them (from _FIRST on), and
 * TOLLGATE_COVERAGE_OUT says where the table of all runs and of the misses is kept.
 */
const runs = Number(process.env["TOLLGATE_COVERAGE_RUNS"] ?? 100);
const first = Number(process.env["TOLLGATE_COVERAGE_FIRST"] ?? 1);
const size = { blocks: 6, sessionsPerLeg: 24, sessionsPerSecond: 200 };

test(`of ${runs} live runs against a proxy of unknown delay, 89 in 100 intervals hold what it really did`, async () => {
  const out = process.env["TOLLGATE_COVERAGE_OUT"] ?? mkdtempSync(join(tmpdir(), "tollgate-coverage-"));
  mkdirSync(out, { recursive: true });
  await using stack = testStack();
  await using engine = await startEngine(stack, { decodeStepMs: 0.5 });
  const cases: (CoverageCase & { readonly run: number })[] = [];
  for (let run = first; run < first + runs; run += 1) {
    const measured = await measureDelay(stack, engine.ready.url, { plan: null, seed: run, size });
    cases.push(...measured.cases.map((one) => ({ run, ...one })));
    writeFileSync(join(out, "coverage.json"), `${JSON.stringify(cases, null, 2)}\n`);
  }
  const missed = cases.filter(({ covered }) => !covered);
  const table = ["run\tof\tdelay\testimate\ttruth\tbias\thalf-width\tpairs", ...missed.map(row)].join("\n");
  writeFileSync(join(out, "misses.tsv"), `${table}\n`);
  process.stdout.write(`${missed.length} of ${cases.length} intervals missed; kept in ${out}\n${table}\n`);
  for (const metric of ["TTFT", "E2E"]) {
    const covered = cases.filter((one) => one.metric === metric && one.covered);
    expect(covered.length).toBeGreaterThanOrEqual(Math.floor(0.89 * runs));
  }
});

function row(one: CoverageCase & { readonly run: number }): string {
  const text = (value: number | null) => value?.toFixed(3) ?? "unknown";
  return [
    one.run,
    one.metric,
    one.name,
    rangeText(one.interval),
    text(one.truthMs),
    text(biasMs(one)),
    text(halfWidthMs(one)),
    one.pairs,
  ].join("\t");
}
