import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkNames } from "../../bench/preflight/run-checks.ts";
import { readPreflights, type PreflightRecord } from "../../bench/store/preflight-record.ts";
import { fastEngine, lastLine, Workplace } from "./small-experiment.ts";
import { expectExit, readRecords, tollgate } from "./tollgate-process.ts";

const minutes = 60_000;
const engine = { ...fastEngine, decodeStepMs: 4 };
const embedded = (agent: object, user: object = {}) => ({
  kind: "embedded",
  agent: { ...engine, ...agent },
  user: { ...engine, ...user },
});

const statuses = ({ checks }: PreflightRecord) =>
  Object.fromEntries(
    checks.map(({ name, findings }) => [name, [...new Set(findings.map(({ status }) => status))]]),
  );

test(
  "a stack without faults: every check is ok, exit code 0, and nothing is left behind",
  async () => {
    using place = new Workplace({ stack: embedded({}) });
    const end = await tollgate(["preflight", place.file, "--json"], place.environment);
    expectExit(end, 0);
    const found = statuses(JSON.parse(end.stdout) as PreflightRecord);
    expect(found).toEqual({
      ...Object.fromEntries(checkNames.map((name) => [name, ["ok"]])),
      // No GPU here, and that is said instead of ok.
      "gpu-memory": existsSync("/dev/nvidia0") ? ["ok"] : ["not checked"],
    });
    expect(readdirSync(join(place.path, "tmp"))).toEqual([]);
    expect(existsSync(place.runs)).toBe(false);
  },
  2 * minutes,
);

test(
  "planted faults: each is red under its own name, with what to change, and exit code 3",
  async () => {
    using place = new Workplace({
      stack: embedded({ faults: ["no-tool-parser"], contextLength: 3000 }, { faults: ["no-metrics"] }),
    });
    const end = await tollgate(["preflight", place.file], place.environment);
    expectExit(end, 3);
    const rows = end.stdout.replaceAll(/\s*│\s*│\s*│\s*│\s*/g, " ").replaceAll(/[│\s]+/g, " ");
    expect(rows).toMatch(/metrics failed user engine .*--enable-metrics/);
    expect(rows).toMatch(/tool-call failed arm raw .*--tool-call-parser/);
    expect(rows).toMatch(/tool-call failed arm gateway .*--tool-call-parser/);
    expect(rows).toMatch(/context-length failed agent engine .*--context-length/);

    place.write({
      stack: embedded({ faults: ["hang"] }, { faults: ["half-ready"] }),
      limits: { callSeconds: 1 },
    });
    const dead = await tollgate(["preflight", place.file, "--json"], place.environment);
    expectExit(dead, 3);
    const record = JSON.parse(dead.stdout) as PreflightRecord;
    expect(record.checks[0]?.findings.map(({ on, status }) => [on, status])).toEqual([
      ["agent engine", "failed"],
      ["user engine", "failed"],
      ["arm raw", "not checked"],
      ["arm gateway", "not checked"],
    ]);
    expect(record.checks[0]?.findings[1]?.what).toMatch(/503.*still loading/);
  },
  3 * minutes,
);

test(
  "a sweep stops before its first cell; a check that is left out by name is recorded as such",
  async () => {
    using place = new Workplace({ stack: embedded({ faults: ["no-tool-parser"] }), arms: [{ kind: "raw" }] });
    const stopped = await place.sweep();
    expectExit(stopped, 3);
    expect(stopped.stderr).toMatch(/tool-call: arm raw: the call came as raw text.*\n.*--tool-call-parser/);
    const run = lastLine(stopped);
    expect(readRecords(run).map(({ type }) => type)).toEqual(["run-started", "run-ended"]);
    expect(readRecords(run).at(-1)).toMatchObject({ reason: "failed", exitCode: 3 });
    const [first] = await readPreflights(run);
    expect(first?.checks.find(({ name }) => name === "tool-call")?.findings[0]?.status).toBe("failed");

    const resumed = await place.sweep("--resume", run, "--skip-preflight", "tool-call");
    expect(resumed.code).not.toBe(3);
    expect(resumed.stderr).toContain("warning: preflight left out tool-call");
    const invocations = await readPreflights(run);
    expect(invocations.map(({ checks }) => checks.find(({ name }) => name === "tool-call")?.skipped)).toEqual(
      [false, true],
    );
    const refused = await place.sweep("--skip-preflight", "everything");
    expectExit(refused, 2);
    expect(refused.stderr).toContain(`Allowed: ${checkNames.join(", ")}`);
  },
  3 * minutes,
);

test(
  "a server that cannot call tools passes where the workload has none, in a preflight and in a run",
  async () => {
    using place = new Workplace({
      stack: embedded({ faults: ["no-tool-parser"] }),
      agent: { kind: "chat" },
      workload: { kind: "echo" },
    });
    const end = await tollgate(["preflight", place.file, "--json"], place.environment);
    expectExit(end, 0);
    expect(statuses(JSON.parse(end.stdout) as PreflightRecord)).toMatchObject({
      "tool-call": ["not checked"],
      sampling: ["ok"],
    });
    expectExit(await tollgate(["sweep", place.file], place.environment), 0);
  },
  2 * minutes,
);
