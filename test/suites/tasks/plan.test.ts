import { expect, test } from "vitest";
import { sections } from "../../../bench/commands/parts.ts";
import { experimentSchema } from "../../../bench/config/experiment.ts";
import type { AgentFacts } from "../../../bench/agent/agent.ts";
import { planOf } from "../../../suites/tasks/plan.ts";
import type { TasksExperiment } from "../../../suites/tasks/contract/section.ts";
import { plantSuite, say } from "./planted-suite.ts";
import { Folder } from "./temporary-folder.ts";

const agent: AgentFacts = {
  name: "native",
  version: "1",
  prompt: "exact",
  usesTools: true,
  ownTools: [],
  ownInstruction: false,
  takesHistory: true,
};
const attached = { kind: "attach", agent: { url: "http://h:1", model: "m" }, user: { url: "http://h:2" } };

function planned(
  folder: string,
  workload: Readonly<Record<string, unknown>>,
  { of = agent, ...more }: Readonly<Record<string, unknown>> & { readonly of?: AgentFacts } = {},
) {
  const experiment = experimentSchema(sections).parse({
    name: "x",
    stack: { kind: "embedded" },
    ...more,
    workload: { kind: "tasks", folder, ...workload },
  }) as TasksExperiment;
  return planOf(experiment, { agent: of }, "/nowhere");
}

const plant = (folder: string) =>
  plantSuite(folder, [
    { id: "plain", turns: [[say("x")]] },
    { id: "needs-git", turns: [[say("x")]], more: { programs: ["git", "python3"] } },
  ]);

test("every task once a trial, each trial with a seed of its own", () => {
  using folder = new Folder();
  plant(folder.path);
  const { episodes, taskData, facts } = planned(folder.path, { trials: 2, seed: 7 });
  expect(episodes.map(({ taskId, trial, seed, facts: { domain } }) => [taskId, trial, seed, domain])).toEqual(
    [
      ["needs-git", 0, 7, "planted"],
      ["plain", 0, 7, "planted"],
      ["needs-git", 1, 8, "planted"],
      ["plain", 1, 8, "planted"],
    ],
  );
  expect(taskData.needsUserEngine).toBe(false);
  expect(taskData.simulator.filter(([flag]) => flag === "data")).toHaveLength(3);
  expect(facts).toMatchObject({
    suite: { name: "planted", version: "1.0.0" },
    format: "agentbench",
    strict: false,
  });
});

test("programs that are missing are named before the run, and strict refuses such a plan", () => {
  using folder = new Folder();
  plant(folder.path);
  const { warnings } = planned(folder.path, {});
  expect(warnings).toContainEqual(
    expect.stringMatching(/^git is not among the system's programs .*, and is needed by needs-git/),
  );
  expect(warnings).toContainEqual(expect.stringMatching(/^python3 is not among/));
  expect(() => planned(folder.path, { strict: true })).toThrow(/^workload.strict: git is not among/);
  expect(planned(folder.path, { strict: true, task: "plain" }).episodes).toHaveLength(1);
});

test("an image has programs of its own, of which a plan says nothing", () => {
  using folder = new Folder();
  plant(folder.path);
  const { warnings } = planned(folder.path, {}, { sandbox: { kind: "docker", image: "i" } });
  expect(warnings).not.toContainEqual(expect.stringMatching(/is not among the system's programs/));
});

test("strict refuses a judge that is the model under test, and no other", () => {
  using folder = new Folder();
  plant(folder.path);
  const judged = (url: string, model: string) => () =>
    planned(folder.path, { strict: true, task: "plain", judge: { url, model } }, { stack: attached });
  expect(judged("http://h:1/v1", "m")).toThrow(/the judge m at http:\/\/h:1\/v1 is the model under test/);
  expect(judged("http://h:1", "m")).toThrow(/is the model under test/);
  expect(judged("http://h:1", "another")).not.toThrow();
  expect(judged("http://h:3", "m")).not.toThrow();
});

test("strict knows the model under test by every name of this machine, and behind a gateway that is named", () => {
  using folder = new Folder();
  plant(folder.path);
  const here = { ...attached, agent: { url: "http://localhost:8000", model: "m" } };
  const arms = [{ kind: "raw" }, { name: "mine", kind: "url", url: "http://gateway:9/v1" }];
  const judgedAt = (url: string) => () =>
    planned(folder.path, { strict: true, task: "plain", judge: { url, model: "m" } }, { stack: here, arms });
  for (const url of ["http://127.0.0.1:8000/v1", "http://[::1]:8000", "http://gateway:9"])
    expect(judgedAt(url)).toThrow(/is the model under test/);
  for (const url of ["http://127.0.0.1:8001", "http://gateway:8000"]) expect(judgedAt(url)).not.toThrow();
});

test("where the simulated agent has no script, the plan says what that means", () => {
  using folder = new Folder();
  plant(folder.path);
  expect(planned(folder.path, {}).warnings?.join("\n")).not.toContain("no script");
  expect(planned("suites/tasks/own/clawbench", { task: "t1-fix-total" }).warnings?.join("\n")).not.toContain(
    "no script",
  );
});

test("a selection says what of the suite it is, the whole suite says nothing", () => {
  using folder = new Folder();
  plant(folder.path);
  expect(planned(folder.path, {}).coverage).toBeUndefined();
  expect(planned(folder.path, { task: ["plain"] }).coverage).toMatchObject({
    of: "tasks",
    selected: 1,
    total: 2,
    excluded: [{ count: 1 }],
  });
});

test("a browser that an agent lacks is named before the run, and so is what the browser of another needs", () => {
  using folder = new Folder();
  plantSuite(folder.path, [
    { id: "plain", turns: [[say("x")]] },
    { id: "on-a-page", turns: [[say("x")]], more: { browser: true } },
  ]);
  const warned = (of: AgentFacts, more: Readonly<Record<string, unknown>> = {}) =>
    (planned(folder.path, more, { sandbox: "none", of }).warnings ?? []).join("\n");
  const withBrowser = { ...agent, name: "openclaw", ownTools: ["exec", "browser"] };
  const needing = { ...withBrowser, browserPrograms: ["bash", "chromium"] };
  expect(warned(agent)).toMatch(/^Agent native has no browser here, which on-a-page asks for: .*no_browser/m);
  expect(warned(needing)).toMatch(
    /^chromium is not among the system's programs .*, and is needed by on-a-page/m,
  );
  expect(warned(needing)).not.toContain("no browser here");
  expect(warned(needing, { task: "plain" })).not.toContain("chromium");
  expect(warned(agent, { task: "plain" })).not.toContain("browser");
  // What a gateway has that runs elsewhere, nobody here knows.
  expect(warned({ ...agent, ownTools: ["exec"], workspaceRoot: "/elsewhere" })).not.toContain("browser");
  expect(() => warned(agent, { strict: true })).toThrow(/^workload.strict: Agent native has no browser here/);
});
