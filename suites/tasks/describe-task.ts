import { relative } from "node:path";
import type {
  AgentBenchProfile,
  ClawBenchProfile,
  ExecutionCheck,
  TaskTurn,
  Validator,
  WorkspaceTask,
} from "./contract/task.ts";

/** A task as a person reads it: what it is, what the user says, and what is held against the agent. */
export function describeTask(task: WorkspaceTask, folder: string): string {
  return [
    `${task.id}: ${task.name}`,
    "",
    ...factLines(task, folder),
    ...(task.description.trim() === "" ? [] : ["", ...lines(task.description)]),
    ...task.turns.flatMap((turn, index) => ["", ...turnLines(turn, index)]),
    "",
    ...(task.profile.format === "agentbench" ? agentBenchLines(task.profile) : clawBenchLines(task.profile)),
    ...unknownLines(task),
  ].join("\n");
}

const lines = (text: string): readonly string[] => text.trimEnd().split("\n");
const indented = (text: string): readonly string[] => lines(text).map((line) => `  ${line}`.trimEnd());

function factLines(task: WorkspaceTask, folder: string): readonly string[] {
  const asked = [task.network ? "network" : "", task.browser ? "browser" : ""].filter((word) => word !== "");
  const facts: readonly (readonly [name: string, value: string])[] = [
    ["file", relative(folder, task.file)],
    ["suite", task.suite],
    ["difficulty", task.difficulty ?? ""],
    ["tier", task.tier === null ? "" : String(task.tier)],
    ["time", task.timeoutMs === null ? "as the experiment says" : `${task.timeoutMs / 1000} s`],
    ["needs", [...task.programs, ...asked].join(", ")],
    ["files", task.inputs.map(({ to }) => to).join(", ")],
    ["setup", task.setup === null ? "" : relative(folder, task.setup)],
    ["services", task.services.map(({ name, command }) => `${name} (${command})`).join(", ")],
  ];
  return facts.filter(([, value]) => value !== "").map(([name, value]) => `${name.padEnd(10)} ${value}`);
}

function turnLines(
  { message, conditions, newSession, validators }: TaskTurn,
  index: number,
): readonly string[] {
  const held = Object.entries(conditions ?? {}).flatMap(([name, value]) =>
    value === null || value === false ? [] : [`${plain(name)} ${JSON.stringify(value)}`],
  );
  const when = held.length === 0 ? "" : `, if ${held.join(" and ")}`;
  return [
    `the user says (${index + 1}${newSession ? ", to a fresh session" : ""}${when}):`,
    ...indented(message),
    ...validators.map((validator) => `  - ${validatorLine(validator)}`),
  ];
}

function agentBenchLines({ weights, outputs, behavior, metrics }: AgentBenchProfile): readonly string[] {
  const ranges = [
    ["tool calls", metrics?.toolCalls],
    ["planning ratio", metrics?.planningRatio],
  ].flatMap(([name, range]) => (Array.isArray(range) ? [`${String(name)} ${range.join(" to ")}`] : []));
  return [
    ...outputs.flatMap(({ pattern, required, validators }) => [
      `output ${pattern}${required ? "" : " (need not be there)"}:`,
      ...validators.map((validator) => `  - ${validatorLine(validator)}`),
    ]),
    ...behavior.flatMap(({ description, validators }) => [
      `behavior: ${description.trim()}`,
      ...validators.map((validator) => `  - ${validatorLine(validator)}`),
    ]),
    `expected   ${ranges.join(", ") || "no metrics: layer 1 is 50"}`,
    `weights    ${weights === null ? "the format's own" : weights.map((weight, layer) => `layer ${layer} ${weight}`).join(", ")}`,
  ];
}

function validatorLine({ type, ...rest }: Validator): string {
  const words = Object.entries(rest).filter(([, value]) => value !== null);
  return [type, ...words.map(([name, value]) => `${plain(name)} ${JSON.stringify(value)}`)].join(" ");
}

function clawBenchLines(profile: ClawBenchProfile): readonly string[] {
  const { files, executionChecks, stateAssertions, trajectory, behavior, judge, passThreshold } = profile;
  return [
    ...files.map((file) => `file ${file.path}: ${saidOf(file, ["path"])}`),
    ...executionChecks.map(
      (check) => `check ${check.name}: ${check.command}; ${saidOf(check, usual(check))}`,
    ),
    ...stateAssertions.map(({ kind, value }) => `${kind}: ${JSON.stringify(value)}`),
    `trajectory ${saidOf(trajectory, [])}`,
    `behavior   ${saidOf(behavior, [])}`,
    `passes     with every check held and a score of ${passThreshold} or more`,
    ...(judge === null ? [] : ["judge", ...indented(judge.rubric)]),
  ];
}

/** What need not be said of a check, because it says it of itself, or is as ever. */
function usual({ cwd, timeoutMs }: ExecutionCheck): readonly string[] {
  return [
    "name",
    "command",
    "shell",
    ...(cwd === "." ? ["cwd"] : []),
    ...(timeoutMs === 60_000 ? ["timeoutMs"] : []),
  ];
}

/** What differs from nothing at all: no empty lists, zeros, noes. */
function saidOf(value: object, left: readonly string[]): string {
  const said = Object.entries(value).filter(
    ([name, one]) =>
      !left.includes(name) &&
      !(one === null || one === undefined || one === false || one === 0 || one === "") &&
      !(Array.isArray(one) && one.length === 0) &&
      JSON.stringify(one) !== "{}",
  );
  return said
    .map(([name, one]) => (one === true ? plain(name) : `${plain(name)} ${JSON.stringify(one)}`))
    .join(", ");
}

/** `minDistinctFamilies` as words. */
function plain(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function unknownLines({ unknown }: WorkspaceTask): readonly string[] {
  const names = Object.keys(unknown);
  return names.length === 0 ? [] : ["", `kept, and read by nothing: ${names.join(", ")}`];
}
