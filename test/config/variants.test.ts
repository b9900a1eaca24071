import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { sections } from "../../bench/commands/parts.ts";
import { loadExperiment } from "../../bench/config/load-experiment.ts";
import { withVariant } from "../../bench/config/variants.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());
let written = 0;

function load(
  files: Readonly<Record<string, readonly string[]>>,
  given: { readonly set?: readonly string[]; readonly environment?: Readonly<Record<string, string>> } = {},
) {
  const place = join(folder.path, `case-${(written += 1)}`);
  for (const [name, lines] of Object.entries(files)) {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), lines.join("\n"));
  }
  const options = { sections, environment: {}, workingDirectory: "/work", ...given };
  return { place, ...loadExperiment(join(place, "top.yaml"), options) };
}

const top = (stack: string, ...variants: readonly string[]) => [
  "name: top",
  `stack: ${stack}`,
  "workload: {domain: library}",
  "sweep:",
  "  variants:",
  ...variants.map((line) => `    ${line}`),
];
const docker = "{kind: docker, model: Qwen/Qwen3-8B, agent: {gpus: [0]}, user: {gpus: [1]}}";
const command = "[python3, serve.py, --port, '{port}']";
const program = `{kind: process, agent: {command: ${command}, environment: {A: '1', B: '2'}}, user: {kind: simulator}}`;
const attach = "{kind: attach, agent: {url: http://a:1}, user: {url: http://u:1}}";

test.each<[string, string, readonly string[], object]>([
  ["a simulated engine's speed", "{kind: embedded}", ["v: {decodeStepMs: 9}"], { decodeStepMs: 9, seed: 1 }],
  ["nothing", "{kind: embedded, agent: {seed: 3}}", ["v: {}"], { seed: 3, decodeStepMs: 4 }],
  [
    "flags of a container",
    docker,
    ["v: {tp: 1, quantization: fp8, radixCache: false, extraArgs: [--enable-mixed-chunk]}"],
    { gpus: ["0"], quantization: "fp8", radixCache: false, extraArgs: ["--enable-mixed-chunk"] },
  ],
  ["a single value for a list", docker, ["v: {gpus: 2}"], { gpus: ["2"] }],
  [
    "one variable of a program's environment",
    program,
    ["v: {environment: {B: '3'}}"],
    { command: ["python3", "serve.py", "--port", "{port}"], environment: { A: "1", B: "3" } },
  ],
  ["another program", program, ["v: {command: [b, '{port}']}"], { command: ["b", "{port}"] }],
  ["a simulator for a program", program, ["v: {kind: simulator}"], { kind: "simulator", errorRate: 0 }],
  ["another address", attach, ["v: {url: http://b:2}"], { url: "http://b:2" }],
])("a variant changes %s of the agent's engine, and all else stays", (...[, stack, variants, agent]) => {
  const { experiment } = load({ "top.yaml": top(stack, ...variants) });
  const varied = withVariant(experiment, "v");
  expect(varied.stack.agent).toMatchObject(agent);
  expect(varied.stack.user).toEqual(experiment.stack.user);
  expect(withVariant(experiment, undefined)).toBe(experiment);
});

test.each<[string, string, readonly string[], RegExp]>([
  [
    "an unknown key",
    "{kind: embedded}",
    ["a: {}", "v: {drp: [x]}"],
    /sweep\.variants\.v: .*drp \(line 7\): unknown key\. Did you mean drop\?/,
  ],
  [
    "a value that does not fit",
    "{kind: embedded}",
    ["v: {decodeStepMs: -1}"],
    /variants\.v: stack\.agent\.decodeStepMs \(line 6\)/,
  ],
  [
    "a flag that a field sets",
    docker,
    ["v: {extraArgs: [--tp=2]}"],
    /variants\.v: stack\.agent\.extraArgs \(line 6\): has a flag/,
  ],
  ["a key of another kind", attach, ["v: {quantization: fp8}"], /quantization \(line 6\): unknown key/],
  ["a name that no folder can have", "{kind: embedded}", ["a/b: {}"], /is no name for a variant/],
  ["two hyphens in a name", "{kind: embedded}", ["a--b: {}"], /is no name for a variant/],
  ["no mapping", "{kind: embedded}", ["v: 4"], /sweep\.variants\.v \(line 6\)/],
])("refused with its line: %s", (...[, stack, variants, message]) => {
  expect(() => load({ "top.yaml": top(stack, ...variants) })).toThrow(message);
});

test("no variants at all is a slip of the hand", () => {
  expect(() => load({ "top.yaml": [...top("{kind: embedded}").slice(0, -1), "  variants: {}"] })).toThrow(
    /names no variant/,
  );
});

test("paths of a variant are relative to the file that wrote it, and the record of a run reads as the run did", () => {
  const { place, experiment, recorded, written } = load({
    "base/base.yaml": top(docker, "mine: {model: ./weights}"),
    "top.yaml": ["extends: base/base.yaml", "name: top", "sweep: {variants: {theirs: {model: ./other}}}"],
  });
  expect(experiment.sweep.variants).toEqual({
    mine: { model: join(place, "base/weights") },
    theirs: { model: join(place, "other") },
  });
  expect(withVariant(experiment, "mine").stack.agent).toMatchObject({ model: join(place, "base/weights") });
  expect(written.sweep.variants).toEqual({ mine: { model: "./weights" }, theirs: { model: "./other" } });
  const again = load({ "top.yaml": [JSON.stringify(recorded)] });
  expect(again.experiment.sweep).toEqual(experiment.sweep);
  expect(again.experiment.stack).toEqual(experiment.stack);
});

test("a key in a variant is in no record", () => {
  const { experiment, recorded, written } = load(
    { "top.yaml": top(program, "v: {environment: {API_KEY: '${KEY}'}}") },
    { environment: { KEY: "sk-very-secret" } },
  );
  expect(withVariant(experiment, "v").stack.agent).toMatchObject({
    environment: { API_KEY: "sk-very-secret" },
  });
  for (const shown of [recorded, written]) expect(JSON.stringify(shown)).not.toContain("sk-very-secret");
  expect(recorded.sweep.variants).toEqual({ v: { environment: { API_KEY: "${KEY}" } } });
});

test("--set changes one key of a variant", () => {
  const { experiment } = load(
    { "top.yaml": top("{kind: embedded}", "v: {decodeStepMs: 9}") },
    { set: ["sweep.variants.v.seed=5"] },
  );
  expect(experiment.sweep.variants).toEqual({ v: { decodeStepMs: 9, seed: 5 } });
});
