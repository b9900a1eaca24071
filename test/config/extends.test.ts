import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { sections } from "../../bench/commands/parts.ts";
import { loadExperiment } from "../../bench/config/load-experiment.ts";
import { experimentFingerprint } from "../../bench/plan/identity.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());

type Files = Readonly<Record<string, readonly string[]>>;
let written = 0;

/** Writes files into a folder of their own and loads `top.yaml` of them. */
function load(
  files: Files,
  given: { readonly set?: readonly string[]; readonly environment?: Readonly<Record<string, string>> } = {},
) {
  const place = placed(files);
  const file = join(place, "top.yaml");
  return {
    place,
    ...loadExperiment(file, { sections, environment: {}, workingDirectory: "/work", ...given }),
  };
}

function placed(files: Files): string {
  const place = join(folder.path, `case-${(written += 1)}`);
  for (const [name, lines] of Object.entries(files)) {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), lines.join("\n"));
  }
  return place;
}

const base = [
  "name: base",
  "stack: {kind: embedded, agent: {seed: 7}}",
  "arms: [{kind: raw}, {kind: null-proxy}]",
  "workload: {domain: library, trials: 3}",
  "sweep: {concurrency: [1, 2, 3], repetitions: 5}",
];
const top = ["extends: base.yaml", "name: top"];

test("what a file does not say is as it is in the file that it extends, and what it says wins", () => {
  const { experiment } = load({ "base.yaml": base, "top.yaml": [...top, "sweep: {repetitions: 2}"] });
  expect(experiment).toMatchObject({
    name: "top",
    stack: { kind: "embedded", agent: { seed: 7 } },
    workload: { domain: "library", trials: 3 },
    sweep: { concurrency: [1, 2, 3], repetitions: 2 },
  });
  expect(experiment.arms.map(({ kind }) => kind)).toEqual(["raw", "null-proxy"]);
});

test.each<[string, readonly string[], object]>([
  ["a list is replaced", ["sweep: {concurrency: [8]}"], { sweep: { concurrency: [8], repetitions: 5 } }],
  ["a single value for a list as well", ["sweep: {concurrency: 8}"], { sweep: { concurrency: [8] } }],
  [
    "a section of another kind is replaced",
    ["stack: {kind: attach, agent: {url: 'http://a:1'}, user: {url: 'http://b:1'}}"],
    { stack: { kind: "attach", agent: { url: "http://a:1" }, user: { url: "http://b:1" } } },
  ],
  [
    "one of the kind that is meant where none is named is not",
    ["workload: {kind: tau2, trials: 4}"],
    { workload: { kind: "tau2", domain: "library", trials: 4 } },
  ],
  [
    "a deep key changes nothing beside it",
    ["stack: {agent: {errorRate: 0.5}}"],
    { stack: { agent: { seed: 7, errorRate: 0.5 } } },
  ],
])("%s", (_, lines, expected) => {
  expect(load({ "base.yaml": base, "top.yaml": [...top, ...lines] }).experiment).toMatchObject(expected);
});

test("it may extend a file that extends another one, and a reference may name it", () => {
  const files = {
    "base.yaml": base,
    "middle/file.yaml": ["extends: ../base.yaml", "note: from the middle", "sweep: {repetitions: 9}"],
    "top.yaml": ["extends: ${WHICH:-middle}/file.yaml", "name: top", "note: from the top"],
  };
  expect(load(files).experiment).toMatchObject({
    note: "from the top",
    sweep: { concurrency: [1, 2, 3], repetitions: 9 },
  });
  expect(() => load(files, { environment: { WHICH: "nowhere" } })).toThrow(
    /nowhere\/file\.yaml cannot be read: ENOENT.*It is what .*top\.yaml extends \(line 1\)/,
  );
});

test("--set changes the whole, whoever wrote it, and appends to a list of the file below", () => {
  const { experiment } = load(
    { "base.yaml": base, "top.yaml": top },
    { set: ["arms.2.kind=gateway", "sweep.repetitions=1"] },
  );
  expect(experiment.arms.map(({ kind }) => kind)).toEqual(["raw", "null-proxy", "gateway"]);
  expect(experiment.sweep).toEqual({ concurrency: [1, 2, 3], repetitions: 1 });
});

test("a relative path belongs to the file that wrote it; that of --set to the one that was asked for", () => {
  const files = {
    "shared/base.yaml": [...base, "output: {directory: out}", "sinks: [{kind: jsonl, path: ./lines.jsonl}]"],
    "top.yaml": ["extends: shared/base.yaml", "name: top", "workload: {data: mine}"],
  };
  const { place, experiment, written: asWritten } = load(files);
  expect(experiment).toMatchObject({
    output: { directory: join(place, "shared/out") },
    sinks: [{ path: join(place, "shared/lines.jsonl") }],
    workload: { data: join(place, "mine"), trials: 3 },
  });
  expect(asWritten.output.directory).toBe("out");
  const set = load(files, { set: ["output.directory=other"] });
  expect(set.experiment.output.directory).toBe(join(set.place, "other"));
});

test("ids of a file that extends are those of one file that says the same", () => {
  const one = load({ "top.yaml": [...base.filter((line) => !line.startsWith("name")), "name: top"] });
  const two = load({ "base.yaml": base, "top.yaml": top });
  expect(experimentFingerprint(two)).toBe(experimentFingerprint(one));
  expect(two.recorded).toEqual(one.recorded);
  expect(two.recorded).not.toHaveProperty("extends");
});

test.each<[string, Files, RegExp]>([
  [
    "an error in the file below names that file and its line",
    { "base.yaml": [...base, "limits:", "  callSeconds: -1"], "top.yaml": top },
    /top\.yaml cannot be used:\n\s+limits\.callSeconds \(\S+base\.yaml line 7\)/,
  ],
  [
    "one in the file itself its own line",
    { "base.yaml": base, "top.yaml": [...top, "sweep: {repetitions: 0}"] },
    /sweep\.repetitions \(line 3\)/,
  ],
  [
    "an unknown key of the file below",
    { "base.yaml": [...base, "limits: {callSecond: 1}"], "top.yaml": top },
    /limits\.callSecond \(\S+base\.yaml line 6\): unknown key\. Did you mean callSeconds\?/,
  ],
  [
    "a key of the file below that means nothing to another kind of workload is never seen",
    { "base.yaml": base, "top.yaml": [...top, "workload: {kind: echo, nonsense: 1}"] },
    /^(?!.*domain).*workload\.nonsense \(line 3\)/s,
  ],
  ["YAML that is none", { "base.yaml": ["name: ["], "top.yaml": top }, /base\.yaml is not valid YAML/],
  ["a list", { "base.yaml": ["- a"], "top.yaml": top }, /base\.yaml must hold a mapping/],
  [
    "a file that extends itself",
    { "top.yaml": ["extends: ./top.yaml"] },
    /top\.yaml extends \S+top\.yaml\. Take/,
  ],
  [
    "a ring",
    { "a.yaml": ["extends: b.yaml"], "b.yaml": ["extends: top.yaml"], "top.yaml": ["extends: a.yaml"] },
    /top\.yaml extends \S+a\.yaml extends \S+b\.yaml extends \S+top\.yaml/,
  ],
  [
    "no path",
    { "top.yaml": ["name: top", "extends: [a.yaml]"] },
    /extends \(line 2\): write the path of one/,
  ],
  ["a path of nothing", { "top.yaml": ["extends:"] }, /extends \(line 1\): write the path/],
  [
    "a misspelt one",
    { "top.yaml": [...base, "extend: a.yaml"] },
    /extend \(line 6\).*Did you mean extends\?/,
  ],
  [
    "a variable of the file below that is not set",
    { "base.yaml": [...base, "note: ${NOT_SET}"], "top.yaml": top },
    /base\.yaml uses \$\{NOT_SET\}/,
  ],
])("%s", (_, files, message) => {
  expect(() => load(files)).toThrow(message);
});

test("a variable that nothing uses in the end need not be set", () => {
  const files = { "base.yaml": [...base, "note: ${NOT_SET}"], "top.yaml": [...top, "note: mine"] };
  expect(load(files).experiment.note).toBe("mine");
});

test("a ring through a symbolic link is a ring", () => {
  const place = placed({ "top.yaml": ["extends: other.yaml"] });
  symlinkSync(join(place, "top.yaml"), join(place, "other.yaml"));
  const options = { sections, environment: {}, workingDirectory: place };
  expect(() => loadExperiment(join(place, "top.yaml"), options)).toThrow(/ends nowhere/);
});

test("--set cannot name another file to extend", () => {
  expect(() => load({ "base.yaml": base, "top.yaml": base }, { set: ["extends=base.yaml"] })).toThrow(
    /--set extends=base\.yaml cannot be applied: .*command line/,
  );
});

test("a shipped experiment may be extended by its name, and one that lies here is meant first", () => {
  const { experiment } = load({ "top.yaml": ["extends: null-proxy", "name: top"] });
  expect(experiment.arms.map(({ kind }) => kind)).toEqual(["raw", "null-proxy"]);
  const own = load({ "null-proxy.yaml": base, "top.yaml": ["extends: null-proxy.yaml", "name: top"] });
  expect(own.experiment.workload).toMatchObject({ trials: 3 });
  expect(() => load({ "top.yaml": ["extends: elsewhere/null-proxy.yaml"] })).toThrow(
    /cannot be read: ENOENT/,
  );
});
