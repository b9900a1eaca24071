#!/usr/bin/env node
import { count, experiment, here, origin, runPublished, settings } from "./published/published-command.ts";

type Values = Readonly<Record<string, string | undefined>>;
type Translate = (values: Values, positionals: readonly string[]) => readonly string[];

const skillOf = ({ skill }: Values) => here(skill ?? process.env["AGENTBENCH_DIR"]);
const given = (values: Values, name: string) => (values[name] === undefined ? undefined : true);
/** The flags of one command mean nothing to another, which has to be said. */
const only = (values: Values, names: readonly string[]) => {
  const others = Object.keys(values).filter((name) => !names.includes(name));
  if (others.length > 0) throw new Error(`--${others.join(", --")} means nothing here.`);
};
const nothing = ([extra]: readonly string[]) => {
  if (extra !== undefined) throw new Error(`What is ${extra}?`);
};
const runsFolder = ({ "output-dir": folder }: Values) => (folder === undefined ? [] : ["--runs", folder]);

const commands: Readonly<Record<string, Translate>> = {
  run: (values, more) => {
    nothing(more);
    const endpoint = origin(values["agent-endpoint"]);
    const ours = new URL("../suites/tasks/own/agentbench", import.meta.url).pathname;
    return [
      "sweep",
      experiment(endpoint === undefined ? "tasks-laptop" : "tasks-attach"),
      ...(values["output-dir"] === undefined ? [] : ["--out", values["output-dir"]]),
      ...settings({
        "stack.agent.url": endpoint,
        "stack.user.url": endpoint,
        "workload.folder": skillOf(values) ?? (endpoint === undefined ? undefined : ours),
        "workload.format": "agentbench",
        "workload.fast": given(values, "fast"),
        "workload.suite": values["suite"],
        "workload.task": values["task"],
        "workload.strict": given(values, "strict"),
        "workload.keepWorkspace": given(values, "keep-workspace"),
        "workload.trials": count(values["trials"] ?? "1", "--trials"),
      }),
    ];
  },
  list: (values, more) => {
    nothing(more);
    only(values, ["fast", "suite", "task", "skill"]);
    const folder = skillOf(values);
    return [
      "tasks",
      "list",
      ...(folder === undefined ? [] : [folder]),
      ...(given(values, "fast") ? ["--fast"] : []),
      ...(values["suite"] === undefined ? [] : ["--suite", values["suite"]]),
      ...(values["task"] === undefined ? [] : ["--task", values["task"]]),
    ];
  },
  results: (values, more) => {
    nothing(more);
    only(values, ["output-dir"]);
    return ["runs", ...runsFolder(values)];
  },
  compare: (values, [a, b, ...more]) => {
    nothing(more);
    only(values, ["output-dir"]);
    if (a === undefined || b === undefined) throw new Error("compare needs two runs.");
    return ["compare", a, b, ...runsFolder(values)];
  },
};

/** The four commands of AgentBench for OpenClaw, with its flags. */
await runPublished({
  usage: `usage: node scripts/agentbench.ts [run] [options] [-- arguments of tollgate sweep]
       node scripts/agentbench.ts list [--fast] [--suite S] [--task ID] [--skill DIR]
       node scripts/agentbench.ts results [--output-dir DIR]
       node scripts/agentbench.ts compare RUN_A RUN_B [--output-dir DIR]
run is tollgate sweep experiments/tasks-laptop.yaml with
  --fast             workload.fast: easy and medium tasks (says nothing beside --task)
  --suite S          workload.suite
  --task ID          workload.task
  --strict           workload.strict: nothing that is scored may come from the agent under test
  --keep-workspace   workload.keepWorkspace
  --skill DIR        workload.folder: a copy of AgentBench's skill (default AGENTBENCH_DIR, else our own tasks)
  --agent-endpoint URL   experiments/tasks-attach.yaml instead, on that server; without it a simulated engine answers
  --trials 1         workload.trials
  --output-dir DIR   --out
The others are tollgate tasks list, runs and compare. AgentBench's own files, with its signature:
  tollgate export @last --format agentbench [--strict] -o DIR
--dry-run prints the command and does nothing.`,
  options: ["suite", "task", "skill", "agent-endpoint", "trials", "output-dir"],
  flags: ["fast", "strict", "keep-workspace"],
  translate: (values, [command = "run", ...more]) => {
    const translated = Object.hasOwn(commands, command) ? commands[command] : undefined;
    if (translated === undefined)
      throw new Error(`What is ${command}? There are ${Object.keys(commands).join(", ")}.`);
    return translated(values, more);
  },
});
