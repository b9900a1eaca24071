import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the simulated agent does in a turn: texts and calls in order. */
export interface Step {
  readonly text?: string;
  readonly calls?: readonly {
    readonly name: string;
    readonly arguments: Readonly<Record<string, unknown>>;
  }[];
}

export interface PlantedTask {
  readonly id: string;
  /** What is done in each turn; a turn's message is made of the task's id and its number. */
  readonly turns: readonly (readonly Step[])[];
  readonly setup?: string;
  readonly teardown?: string;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Further keys of `task.yaml`. */
  readonly more?: Readonly<Record<string, unknown>>;
}

export const exec = (command: string): Step => ({ calls: [{ name: "exec", arguments: { command } }] });
export const write = (path: string, content: string): Step => ({
  calls: [{ name: "write", arguments: { path, content } }],
});
export const say = (text: string): Step => ({ text });

/** The message of a turn, 0-based. */
export const messageOf = (id: string, turn: number) => `Please do turn ${turn} of the planted task ${id}.`;

/** Writes a folder of tasks in AgentBench's format, with a script `good` for each. JSON is YAML. */
export function plantSuite(folder: string, tasks: readonly PlantedTask[]): string {
  mkdirSync(folder, { recursive: true });
  const skill = { name: "planted", version: "1.0.0", suite_version: "1.0.0", platform: "openclaw" };
  writeFileSync(join(folder, "skill.json"), JSON.stringify(skill));
  for (const task of tasks) plantTask(folder, task);
  return folder;
}

function plantTask(folder: string, { id, turns, setup, teardown, inputs = {}, more }: PlantedTask): void {
  const place = join(folder, "tasks", "planted", id);
  const scripts = join(folder, "scripts", id);
  for (const made of [join(place, "inputs"), scripts]) mkdirSync(made, { recursive: true });
  const said = turns.map((_, turn) => ({ role: "user", message: messageOf(id, turn) }));
  const yaml = {
    id,
    name: id,
    version: "1.0",
    suite: "planted",
    difficulty: "easy",
    description: "Planted by a test.",
    ...(said.length === 1 ? { user_message: said[0]?.message } : { type: "multi-turn", turns: said }),
    ...(Object.keys(inputs).length > 0 && { input_files: Object.keys(inputs) }),
    ...more,
  };
  writeFileSync(join(place, "task.yaml"), JSON.stringify(yaml, null, 2));
  for (const [name, text] of Object.entries(inputs)) writeFileSync(join(place, "inputs", name), text);
  if (setup !== undefined) writeFileSync(join(place, "setup.sh"), setup);
  if (teardown !== undefined) writeFileSync(join(place, "teardown.sh"), teardown);
  const script = turns.map((steps, turn) => ({ prompt: messageOf(id, turn), steps }));
  writeFileSync(join(scripts, "good.json"), JSON.stringify(script));
}
