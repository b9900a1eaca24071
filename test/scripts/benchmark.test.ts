import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { loadWarning } from "../../scripts/benchmark/machine.ts";
import { medianReading, repeatedReading } from "../../scripts/benchmark/measurement.ts";

function benchmark(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/benchmark.ts", ...args], {
    env: { ...process.env, ...environment },
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

test("a measurement gives numbers with their count, target and the machine they are from", () => {
  const { status, stdout } = benchmark(["--quick", "--json", "--only", "tool-call"]);
  expect(status).toBe(0);
  const report = JSON.parse(stdout) as { readings: { value: number; target: number; met: boolean }[] };
  expect(report).toMatchObject({
    machine: { node: process.version, date: expect.stringMatching(/^20\d\d-/) },
    load: { start: expect.any(Number), end: expect.any(Number) },
    quick: true,
    readings: [{ unit: "ms", statistic: "p50", count: 500, target: 0.1 }],
    skipped: [],
    failed: [],
  });
  const [reading] = report.readings;
  expect(reading?.value).toBeGreaterThan(0);
  expect(reading?.met).toBe((reading?.value ?? Number.NaN) <= 0.1);
});

test("what needs tau2's data is left out with a reason, and the exit code is 0", () => {
  const { status, stdout } = benchmark(["--only", "calls", "--only", "environments"], {
    TOLLGATE_SHARED: "/nonexistent",
  });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^environments: skipped, no tau2 data: set TOLLGATE_SHARED/m);
  expect(stdout).toMatch(/^calls: skipped, no tau2 data/m);
  expect(stdout).toMatch(/^load average \d+\.\d\d at the start/m);
});

test("an unknown name is a usage error that lists the known ones", () => {
  const { status, stderr } = benchmark(["--only", "tapp"]);
  expect(status).toBe(2);
  expect(stderr).toContain("There is no measurement tapp.");
  expect(stderr).toMatch(/--only NAME {3}one of driver, cost, cost-openclaw, tap, taps, gateway, /);
});

test("a busy machine is said so; an idle one, and the benchmark's own load, are not", () => {
  expect(loadWarning({ start: 0.3, end: 2.4 }, 2)).toBeNull();
  expect(loadWarning({ start: 1.5, end: 2.4 }, 2)).toMatch(/BUSY \(load 1\.5 before, 2\.4 after/);
  expect(loadWarning({ start: 0.1, end: 7 }, 2)).toMatch(/BUSY/);
});

test("a reading says how far its values lie apart, and refuses to be made of none", () => {
  const subject = { what: "x", unit: "ms", target: null } as const;
  const values = Array.from({ length: 200 }, (_, index) => index);
  expect(medianReading(subject, values)).toMatchObject({ value: 99.5, count: 200, spread: "p95 189" });
  expect(medianReading(subject, [1, 2, 3])).toMatchObject({ value: 2, spread: "max 3" });
  expect(repeatedReading(subject, [4])).toMatchObject({ statistic: "once", value: 4, spread: null });
  expect(repeatedReading(subject, [4, 8, 5])).toMatchObject({ statistic: "p50", value: 5, spread: "4 to 8" });
  expect(() => medianReading(subject, [])).toThrow("x: nothing was measured");
});
