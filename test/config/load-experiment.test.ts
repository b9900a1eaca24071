import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sections } from "../../bench/commands/parts.ts";
import { loadExperiment } from "../../bench/config/load-experiment.ts";
import { ConfigError } from "../../bench/errors.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tollgate-config-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function load(text: string, options: { set?: string[]; environment?: Record<string, string> } = {}) {
  const file = join(folder, "experiment.yaml");
  writeFileSync(file, text);
  return loadExperiment(file, { sections, environment: {}, workingDirectory: "/work-here", ...options });
}
const minimal = "name: small\nstack:\n  kind: embedded\nworkload:\n  domain: library\n";

test("a minimal file gets every default, and both arms", () => {
  const { experiment } = load(minimal);
  expect(experiment.arms).toEqual([
    { kind: "raw", name: "raw" },
    { kind: "gateway", name: "gateway" },
  ]);
  expect(experiment.sampling).toEqual({ temperature: 0, topP: 1, topK: -1, maxTokens: 2048 });
  expect(experiment.agent).toEqual({ kind: "openclaw", prompt: "exact", gateways: "auto" });
});

test.each([
  [
    "unknown key with a suggestion",
    `${minimal}sweep:\n  concurency: [1]\n`,
    /sweep\.concurency.*Did you mean concurrency\?/,
  ],
  [
    "unknown key inside a union arm",
    minimal.replace("embedded", "embedded\n  modle: x"),
    /stack\.modle.*Did you mean model\?/,
  ],
  ["wrong type with its line", `${minimal}sweep:\n  repetitions: many\n`, /sweep\.repetitions \(line 7\)/],
  [
    "an unknown kind of workload with those that are known",
    `${minimal}  kind: tau3\n`,
    /workload\.kind \(line 6\): unknown kind "tau3"; known: tau2.*Did you mean tau2\?/,
  ],
  ["a file without a workload", minimal.split("workload")[0] ?? "", /workload: must be a mapping/],
  [
    "unknown key of a section that others bring",
    `${minimal}agent:\n  kind: native\n  gatways: 2\n`,
    /agent\.gatways.*Did you mean gateways\?/,
  ],
  [
    "a key that only another kind of workload has, which is no slip of the pen",
    `${minimal.replace("domain: library", "kind: echo")}  limit: 3\n`,
    /workload\.limit \(line \d\): unknown key here: only another kind has it\.$/m,
  ],
  [
    "an attached server for the user that nobody named, with what to write where there is no user",
    minimal.replace("kind: embedded", "kind: attach\n  agent: {url: 'http://127.0.0.1:1'}"),
    /stack\.user \(line 3\): is missing\. .*the agent's address again/,
  ],
  ["a key that must be there", minimal.replace("name: small\n", ""), /^ {2}name: is missing$/m],
  ["bad YAML", "name: [", /not valid YAML/],
  ["a list instead of a mapping", "- a\n- b\n", /must hold a mapping/],
  ["a name that is no folder name", minimal.replace("small", "../etc"), /name \(line 1\)/],
  [
    "a variable that is not set",
    minimal.replace("library", "${NOT_SET_ANYWHERE}"),
    /NOT_SET_ANYWHERE.*not set/,
  ],
  [
    "an arm whose name is no name for a folder",
    `${minimal}arms:\n  - kind: url\n    name: vllm/nightly\n    url: http://127.0.0.1:1\n`,
    /arms\.0\.name \(line 8\): is no name for an arm/,
  ],
  [
    "two arms of one name, also where it is their default",
    `${minimal}arms:\n  - kind: gateway\n  - kind: gateway\n    level: L2\n`,
    /arms\.1\.name \(line 8\): another arm is called gateway, too/,
  ],
  [
    "a load that is there twice",
    `${minimal}sweep:\n  concurrency: [1, 4, 1]\n`,
    /sweep\.concurrency\.2 \(line 7\): 1 is there already.*sweep\.repetitions/,
  ],
])("refuses %s", (_, text, message) => {
  expect(() => load(text)).toThrow(ConfigError);
  expect(() => load(text)).toThrow(message);
});

test("a missing file is an error that names it", () => {
  const options = { sections, environment: {}, workingDirectory: folder };
  expect(() => loadExperiment(join(folder, "absent.yaml"), options)).toThrow(/absent\.yaml cannot be read/);
});

test("--set changes and adds values, typed as YAML", () => {
  const { experiment } = load(minimal, { set: ["sweep.concurrency=[2, 3]", "stack.agent.errorRate=0.25"] });
  expect(experiment.sweep.concurrency).toEqual([2, 3]);
  expect(experiment.stack.kind === "embedded" && experiment.stack.agent.errorRate).toBe(0.25);
});

test("variables and their defaults are filled in", () => {
  const text = minimal.replace("library", "${DOMAIN:-mock}");
  expect(load(text).experiment.workload).toMatchObject({ domain: "mock" });
  const environment = { DOMAIN: "retail" };
  expect(load(text, { environment }).experiment.workload).toMatchObject({ domain: "retail" });
});

test("paths are relative to the file, and to the working directory when they come from the environment", () => {
  const text = `${minimal}  data: tau2-data\n`;
  expect(load(text).experiment.workload).toMatchObject({ data: join(folder, "tau2-data") });
  const environment = { TAU2_DATA_DIR: "elsewhere" };
  expect(load(text, { environment }).experiment.workload).toMatchObject({ data: "/work-here/elsewhere" });
});

test("every shipped experiment is accepted", () => {
  // Settings of the preference loop are read by its own command.
  const files = globSync("experiments/*.yaml").filter((file) => !file.includes("/feedback-"));
  expect(files.length).toBeGreaterThanOrEqual(5);
  for (const file of files) {
    const { experiment } = loadExperiment(file, {
      sections,
      environment: {},
      workingDirectory: process.cwd(),
    });
    expect(file).toBe(`experiments/${experiment.name}.yaml`);
  }
});

test("a fault that the simulator does not know is refused with its place, before anything starts", () => {
  const settings = (fault: string) => ({ set: [`stack.agent.faults=["${fault}"]`] });
  expect(() => load(minimal, settings("frobnicate"))).toThrow(
    /stack\.agent\.faults\.0.*unknown fault "frobnicate"; known: usage-skew/s,
  );
  expect(() => load(minimal, settings("slow=fast"))).toThrow("the value must be a number of 0 or more");
  expect(load(minimal, settings("die-after=3")).experiment.stack).toMatchObject({
    agent: { faults: ["die-after=3"] },
  });
});
