import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { sections } from "../../bench/commands/parts.ts";
import { loadExperiment } from "../../bench/config/load-experiment.ts";
import { pathSetting, resolvePaths } from "../../bench/config/path-setting.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const place = join(folder.path, "experiments");
mkdirSync(place);

type Settings = Readonly<Record<string, unknown>>;
const engine = { gpus: [0] };
const docker = { kind: "docker", model: "Qwen/Qwen3-8B", agent: engine, user: { gpus: [1] } };

function load(settings: Settings) {
  const file = join(place, "experiment.yaml");
  const base = { name: "paths", stack: { kind: "embedded" }, workload: { domain: "library" } };
  writeFileSync(file, JSON.stringify({ ...base, ...settings }));
  // Started somewhere else: nothing but the file's own folder may matter.
  return loadExperiment(file, { environment: { DATA: "given" }, workingDirectory: "/work-here", sections });
}

const valueAt = (value: unknown, path: string) =>
  path.split(".").reduce<unknown>((outer, key) => (outer as Settings)[key], value);

const command = { kind: "command", name: "c", command: ["gw"] };
const areal = { kind: "areal", mode: "manual", tokenizerPath: "id/of-it" };
const workload = { domain: "library" };

test.each<[string, (path: string) => Settings]>([
  ["workload.data", (data) => ({ workload: { ...workload, data } })],
  ["workload.schemas", (schemas) => ({ workload: { ...workload, schemas } })],
  ["workload.checkout", (checkout) => ({ workload: { ...workload, checkout } })],
  ["workload.python", (python) => ({ workload: { ...workload, python } })],
  ["output.directory", (directory) => ({ output: { directory } })],
  ["sinks.0.path", (path) => ({ sinks: [{ kind: "jsonl", path }] })],
  ["stack.cache", (cache) => ({ stack: { ...docker, cache } })],
  ["stack.model", (model) => ({ stack: { ...docker, model } })],
  ["stack.user.model", (model) => ({ stack: { ...docker, user: { gpus: [1], model } } })],
  ["arms.0.tokenizer", (tokenizer) => ({ arms: [{ kind: "gateway", level: "L2", tokenizer }] })],
  ["arms.0.command.0", (program) => ({ arms: [{ ...command, command: [program, "./argument"] }] })],
  ["arms.0.workingDirectory", (workingDirectory) => ({ arms: [{ ...command, workingDirectory }] })],
  ["arms.0.python", (python) => ({ arms: [{ kind: "sgl-router", python }] })],
  ["arms.0.python", (python) => ({ arms: [{ ...areal, python }] })],
  ["arms.0.checkout", (checkout) => ({ arms: [{ ...areal, checkout }] })],
  ["arms.0.tokenizerPath", (tokenizerPath) => ({ arms: [{ ...areal, tokenizerPath }] })],
  [
    "arms.0.modelPath",
    (modelPath) => ({ arms: [{ kind: "areal", mode: "cli", tokenizerPath: "x", modelPath }] }),
  ],
])("%s is relative to the file, and stays as it is in ids", (setting, settings) => {
  const { tokenizerPath: _none, ...cli } =
    (settings("./there/x")["arms"] as Settings[] | undefined)?.[0] ?? {};
  const written = cli["mode"] === "cli" ? { arms: [cli] } : settings("./there/x");
  const loaded = load(written);
  expect(valueAt(loaded.experiment, setting)).toBe(join(place, "there/x"));
  expect(valueAt(loaded.recorded, setting)).toBe(join(place, "there/x"));
  expect(valueAt(loaded.written, setting)).toBe("./there/x");
  const absolute = load(JSON.parse(JSON.stringify(written).replaceAll("./there/x", "/there/x")) as Settings);
  expect(valueAt(absolute.experiment, setting)).toBe("/there/x");
});

test("what only looks like a path is none: names of programs and models, arguments, ~, defaults", () => {
  const { experiment } = load({
    stack: docker,
    arms: [
      { ...command, command: ["gw", "./x"] },
      { kind: "sgl-router", python: "python3.12" },
      { ...areal, tokenizerPath: "Qwen/Qwen3-8B" },
    ],
  });
  expect(experiment.stack).toMatchObject({ model: "Qwen/Qwen3-8B", cache: "~/.cache/huggingface" });
  expect(experiment.arms).toMatchObject([
    { command: ["gw", "./x"] },
    { python: "python3.12" },
    { tokenizerPath: "Qwen/Qwen3-8B" },
  ]);
  expect(experiment.output.directory).toBe("runs");
});

test("in an arm that runs in a container paths are the container's own", () => {
  const { experiment } = load({
    arms: [{ ...command, image: "gw:1", command: ["./gw"], workingDirectory: "app" }],
  });
  expect(experiment.arms[0]).toMatchObject({ command: ["./gw"], workingDirectory: "app" });
});

test("a variable in a path is filled in first", () => {
  const { experiment } = load({ workload: { ...workload, data: "../${DATA}/x" } });
  expect(experiment.workload).toMatchObject({ data: join(folder.path, "given/x") });
});

test("a mark counts for the kind of mapping that it stands in", () => {
  const schema = z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("file"), where: pathSetting().describe("a file").optional() }),
    z.strictObject({ kind: z.literal("url"), where: z.string() }),
  ]);
  expect(resolvePaths({ kind: "file", where: "x" }, schema, () => "/base")).toEqual({
    kind: "file",
    where: "/base/x",
  });
  expect(resolvePaths({ kind: "url", where: "x" }, schema, () => "/base")).toEqual({
    kind: "url",
    where: "x",
  });
});

test("the published schema does not change by the marks", () => {
  expect(z.toJSONSchema(z.object({ x: pathSetting() }))).toEqual(z.toJSONSchema(z.object({ x: z.string() })));
});
