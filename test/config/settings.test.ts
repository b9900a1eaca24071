import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { sections } from "../../bench/commands/parts.ts";
import { loadExperiment } from "../../bench/config/load-experiment.ts";
import { experimentFingerprint } from "../../bench/plan/identity.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";

/** What `--set` and `${NAME}` make of a file. */
const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());

function load(
  lines: readonly string[],
  given: { readonly set?: readonly string[]; readonly environment?: Readonly<Record<string, string>> } = {},
) {
  const file = join(folder.path, "experiment.yaml");
  const base = ["name: small", "stack: {kind: embedded}", "workload: {domain: library}"];
  writeFileSync(file, [...base, ...lines].join("\n"));
  return loadExperiment(file, { environment: {}, workingDirectory: "/work-here", sections, ...given });
}

test.each<[string, readonly string[], (loaded: ReturnType<typeof load>) => unknown, unknown]>([
  ["a list", ["sweep.concurrency=[2, 3]"], ({ experiment }) => experiment.sweep.concurrency, [2, 3]],
  ["a number", ["sweep.repetitions=3"], ({ experiment }) => experiment.sweep.repetitions, 3],
  ["a text that looks like a number", ["note='12'"], ({ experiment }) => experiment.note, "12"],
  [
    "an item of a list",
    ["arms.1.level=L1"],
    ({ experiment }) => experiment.arms[1],
    { kind: "gateway", name: "gateway", level: "L1" },
  ],
  [
    "an item of a list that there is not yet",
    ["arms.2.kind=null-proxy"],
    ({ experiment }) => experiment.arms[2],
    { kind: "null-proxy", name: "null-proxy" },
  ],
  ["the later of two", ["note=a", "note=b"], ({ experiment }) => experiment.note, "b"],
  [
    "a part of a mapping that was set before",
    ["sweep={concurrency: [8]}", "sweep.repetitions=2"],
    ({ experiment }) => experiment.sweep,
    { concurrency: [8], repetitions: 2 },
  ],
  ["an equals sign in the value", ["note=a=b"], ({ experiment }) => experiment.note, "a=b"],
])("--set: %s", (...[, set, read, value]) => {
  expect(read(load(["arms:", "  - kind: raw", "  - kind: gateway"], { set }))).toEqual(value);
});

test("--set without a value takes a setting away, which not every setting bears", () => {
  expect(() => load([], { set: ["note="] })).toThrow(/note \(--set\): Invalid input: expected string/);
});

test.each([
  ["=1", /--set =1 has no value/],
  ["sweep", /--set sweep has no value/],
  ["name.x=1", /--set name\.x=1 cannot be applied/],
  ["sweep.concurrency=[1", /--set sweep\.concurrency=\[1 cannot be applied/],
  ["sweep.concurency=[1]", /sweep\.concurency \(--set\): unknown key\. Did you mean concurrency\?/],
])("--set %s is refused", (set, message) => {
  expect(() => load([], { set: [set] })).toThrow(message);
});

test.each<[string, Readonly<Record<string, string>>, string]>([
  ["${A}", { A: "x" }, "x"],
  ["${A}-${B}-${A}", { A: "x", B: "y" }, "x-y-x"],
  ["${A:-none}", {}, "none"],
  ["${A:-}", {}, ""],
  ["${A:-a b/c:d}", {}, "a b/c:d"],
  ["${A:-none}", { A: "" }, ""],
  ["$A and $${A}", { A: "x" }, "$A and $x"],
  ["${A}", { A: "${B}", B: "y" }, "${B}"], // Once: a value is data.
  ["${not a name}", {}, "${not a name}"],
])("%j with %j is %j", (note, environment, value) => {
  expect(load([`note: ${JSON.stringify(note)}`], { environment }).experiment.note).toBe(value);
});

test("references are filled in in lists and in what --set brings, and never in keys", () => {
  const environment = { KIND: "null-proxy", NAME: "x" };
  const { experiment } = load(["arms:", "  - kind: raw", "  - kind: ${KIND}"], { environment });
  expect(experiment.arms[1]).toMatchObject({ kind: "null-proxy" });
  expect(load([], { environment, set: ["note=${NAME}"] }).experiment.note).toBe("x");
  expect(() => load(["${NAME}: 1"], { environment })).toThrow(/unknown key/);
});

test("a variable that is not set is named, with what to write", () => {
  expect(() => load(["note: ${NOT_SET}"])).toThrow(
    /experiment\.yaml uses \$\{NOT_SET\}, which is not set\. Set it or write \$\{NOT_SET:-default\}/,
  );
});

test("an override that is empty is none, and one that is set wins over the file", () => {
  const data = (TAU2_DATA_DIR: string) =>
    load([], { environment: { TAU2_DATA_DIR }, set: ["workload.data=here"] }).experiment.workload;
  expect(data("")).toMatchObject({ data: join(folder.path, "here") });
  expect(data("/there")).toMatchObject({ data: "/there" });
});

test("all problems are listed at once, each with its line or that of what is around it", () => {
  const broken = ["sweep:", "  concurrency: [0]", "  repetitons: 2", "limits: {callSeconds: -1}"];
  expect(() => load(broken)).toThrow(
    /sweep\.concurrency\.0 \(line 5\): .*\n.*sweep\.repetitons \(line 6\): unknown key\. Did you mean repetitions\?\n.*limits\.callSeconds \(line 7\)/s,
  );
});

test.each([
  ["", 2],
  ["output: {sampleSeconds: 0}", 0],
  ["output: {sampleSeconds: 1}", 1],
  ["output: {sampleSeconds: 15}", 15],
])("engines are read every so many seconds, or not at all: %s", (line, seconds) => {
  expect(load([line]).experiment.output.sampleSeconds).toBe(seconds);
});

test.each(["0.5", "-1"])("engines are not read more often than every second: %s", (seconds) => {
  const refused = /output\.sampleSeconds.*at least 1, or 0 for no readings/;
  expect(() => load([`output: {sampleSeconds: ${seconds}}`])).toThrow(refused);
});

test("how often engines are read makes no other run: one goes on that was begun without it", () => {
  const [often, never] = [5, 0].map((seconds) => load([`output: {sampleSeconds: ${seconds}}`]));
  expect(experimentFingerprint(often!)).toBe(experimentFingerprint(never!));
});
