import { cpSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { expect, test, type TestContext } from "vitest";
import type { WorkspaceTask } from "../../suites/tasks/contract/task.ts";
import { loadTasks, ownTasksFolder } from "../../suites/tasks/loading.ts";
import { fastEngine, lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { expectExit } from "./tollgate-process.ts";

/** Every text in a value, at any depth. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(textsIn);
}

/** A short common word (`edit`, `right`) stands in any prompt by chance; what has more than letters, or many of them, does not. */
const isTelling = (text: string) => text.length >= 10 || (text.length >= 4 && /[^a-z]/i.test(text));
/** Words of the format itself. */
const formatWords = new Set(["agentbench", "clawbench", "file-exists", "response-contains"]);

/** What a task's score depends on and what nobody may be told: of all that is expected, what the task itself does not say. */
function secretsOf(task: WorkspaceTask): readonly string[] {
  const told = task.turns.map(({ message }) => message).join("\n");
  const expected = textsIn([task.profile, task.turns.map(({ validators }) => validators), task.description]);
  return [...new Set(expected)].filter(
    (text) => isTelling(text) && !formatWords.has(text) && !told.includes(text),
  );
}

const suites = [
  {
    title: "our tasks in AgentBench's format",
    format: "agentbench",
    folder: () => ownTasksFolder("agentbench"),
    least: 40,
  },
  {
    title: "our tasks in ClawBench's format",
    format: "clawbench",
    folder: () => ownTasksFolder("clawbench"),
    least: 15,
  },
  {
    title: "a user's copy of AgentBench's skill",
    format: "agentbench",
    folder: () => process.env["AGENTBENCH_DIR"],
    least: 200,
  },
] as const;

test.for(suites)(
  "nothing that is expected of $title reaches the model",
  async ({ format, folder, least }, context: TestContext) => {
    const given = folder();
    if (given === undefined) return context.skip("AGENTBENCH_DIR names no copy");
    using place = new Workplace();
    const copy = join(place.path, "suite");
    // Without scripts the simulated agent makes up nothing: whatever is in a request came from Tollgate.
    cpSync(given, copy, { recursive: true, filter: (path) => path !== join(given, "scripts") });
    const all = { format, fast: false, suites: [], tasks: [], tiers: [] } as const;
    const tasks = loadTasks(copy, all).tasks.map((task) => ({ task, secrets: secretsOf(task) }));
    expect(tasks.flatMap(({ secrets }) => secrets).length).toBeGreaterThan(least);
    place.write({
      stack: { kind: "embedded", agent: fastEngine, user: fastEngine },
      arms: [{ kind: "raw" }],
      workload: { kind: "tasks", folder: copy, format },
      sweep: { concurrency: [4] },
    });
    const finished = await place.sweep(...unchecked);
    expectExit(finished, 0);
    const files = globSync(join(lastLine(finished), "evidence/c*/*/bodies.ndjson.zst"));
    const bodies = files.flatMap((file) =>
      zstdDecompressSync(readFileSync(file)).toString("utf8").split("\n"),
    );
    const leaked = tasks.flatMap(({ task, secrets }) => {
      // What one task must not tell, another may say; a request is that of the task whose words it holds.
      const own = bodies.filter((body) => task.turns.some(({ message }) => holds(body, plainPart(message))));
      if (own.length === 0 && task.setup === null) return [`${task.id}: no request`];
      return secrets
        .filter((secret) => own.some((body) => holds(body, secret)))
        .map((secret) => `${task.id}: ${secret}`);
    });
    expect(leaked).toEqual([]);
  },
);

/** Bodies are JSON in a line of JSON. */
function holds(body: string, text: string): boolean {
  const inJson = (of: string) => JSON.stringify(of).slice(1, -1);
  return body.includes(inJson(inJson(text))) || body.includes(text);
}

/** The beginning of the longest part of a message that is the same in every attempt: `{port}` and the like are filled in. */
function plainPart(message: string): string {
  const [longest = ""] = message.split(/\{[^}]*\}/).toSorted((a, b) => b.length - a.length);
  return longest.slice(0, 60);
}
