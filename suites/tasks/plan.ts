import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { sandboxOf } from "../../bench/config/sandbox-schema.ts";
import { ConfigError } from "../../bench/errors.ts";
import { insidePath } from "../../bench/sandbox/inside-environment.ts";
import type { AgentFacts } from "../../bench/agent/agent.ts";
import type { EpisodeTask, PlanContext, WorkloadPlan } from "../../bench/workload/workload.ts";
import { lacksBrowser, programsFor } from "./attempt/browser.ts";
import { loadTasks, ownTasksFolder } from "./loading.ts";
import type { LoadedSuite } from "./contract/loaded-suite.ts";
import { scoresOf } from "./attempt/score-names.ts";
import { profiles } from "./scoring/profiles.ts";
import { chooseScripts } from "./scripts.ts";
import type { TasksExperiment, TasksSection } from "./contract/section.ts";
import type { WorkspaceTask } from "./contract/task.ts";

/** The folder that a section means, and what of it. */
export function tasksOf(workload: TasksSection): LoadedSuite & { readonly folder: string } {
  const { folder, format, fast, suite = [], task = [], tier = [] } = workload;
  const place = folder ?? ownTasksFolder(format === "auto" ? "agentbench" : format);
  return { ...loadTasks(place, { format, fast, suites: suite, tasks: task, tiers: tier }), folder: place };
}

/** What a sweep of these tasks would do. @param path where commands will look for programs; an image's own is not known here */
export function planOf(
  experiment: TasksExperiment,
  { agent }: Pick<PlanContext, "agent">,
  path = insidePath,
): WorkloadPlan {
  const { workload } = experiment;
  const suite = tasksOf(workload);
  const { tasks } = suite;
  const scripts = chooseScripts(suite.folder, tasks, workload.script);
  const { kind } = sandboxOf(experiment);
  if (agent.workspaceRoot !== undefined && kind !== "none")
    throw new ConfigError(
      "agent.attach: the gateway runs its commands where it is, and no sandbox of Tollgate holds them. Say so with sandbox: none.",
    );
  const missing = missingThings(tasks, agent, knownPath(kind, path));
  if (workload.strict) refuseDoubtful(experiment, missing);
  const { format, name, suiteVersion, hashes, notes, tasksTotal } = suite;
  return {
    episodes: Array.from({ length: workload.trials }, (_, trial) =>
      tasks.map(({ id, suite: group }): EpisodeTask => ({
        taskId: id,
        trial,
        seed: workload.seed + trial,
        facts: { domain: group },
      })),
    ).flat(),
    hashes,
    facts: {
      suite: { name, version: suiteVersion },
      format,
      profile: { format, version: profiles[format].version },
      selection: selectionOf(workload),
      tasks: tasks.length,
      tasksTotal,
      trials: workload.trials,
      judge: workload.judge?.model ?? null,
      strict: workload.strict,
    },
    warnings: [...notes, ...missing, ...scriptNotes(experiment, scripts.without)],
    scores: scoresOf(format),
    ...coverageOf(suite),
    taskData: {
      needsUserEngine: false,
      simulator: [
        ["policy", "scripts"],
        ["data", join(import.meta.dirname, "no-scripts.json")],
        ...scripts.files.map((file) => ["data", file] as const),
      ],
    },
  };
}

/** Absent where the whole suite was selected. */
function coverageOf({ tasks, tasksTotal, furtherTasks }: LoadedSuite): Pick<WorkloadPlan, "coverage"> {
  const [selected, total] = [tasks.length, tasksTotal + furtherTasks];
  const excluded = [{ reason: "not selected (workload.fast, suite, task, tier)", count: total - selected }];
  return selected >= total ? {} : { coverage: { of: "tasks", selected, total, excluded } };
}

function selectionOf({ fast, suite, task, tier }: TasksSection) {
  return { fast, suite: suite ?? null, task: task ?? null, tier: tier ?? null };
}

/** Only where the simulated agent plays. */
function scriptNotes({ stack }: TasksExperiment, without: readonly string[]): string[] {
  if (stack.kind !== "embedded" || without.length === 0) return [];
  return [
    `The simulated agent has no script for ${listed(without)}, and will say so instead of doing them: such scores say nothing about an agent.`,
  ];
}

/** What a machine or an agent lacks that tasks name, one line each, before anything is started. */
function missingThings(tasks: readonly WorkspaceTask[], agent: AgentFacts, path: string | null): string[] {
  const programs = new Map<string, string[]>();
  for (const task of tasks)
    for (const program of programsFor(task, agent))
      if (isKnownMissing(program, path)) programs.set(program, [...(programs.get(program) ?? []), task.id]);
  const browser = tasks.filter((task) => lacksBrowser(task, agent)).map(({ id }) => id);
  return [
    ...[...programs].map(([program, ids]) =>
      missingProgramText(program, ids, "among the system's programs (a sandbox sees no others)"),
    ),
    ...(browser.length > 0
      ? [
          `Agent ${agent.name} has no browser here, which ${listed(browser)} ask${browser.length === 1 ? "s" : ""} for: such an attempt ends as no_browser and is nobody's score.`,
        ]
      : []),
  ];
}

/** Where a sandbox of this kind finds its programs; null: in an image, which nobody has looked into yet. */
function knownPath(kind: string, path = insidePath): string | null {
  return kind === "docker" ? null : path;
}

function isKnownMissing(program: string, path: string | null): boolean {
  return path !== null && !isInPath(program.split(" ", 1)[0] ?? "", path);
}

/** Whether the plan of a run in such a sandbox has named it already. */
export function isNamedByPlan(program: string, sandboxKind: string): boolean {
  return isKnownMissing(program, knownPath(sandboxKind));
}

/** @param place where it was looked for, as in `is not …` */
export function missingProgramText(program: string, ids: readonly string[], place: string): string {
  return `${program} is not ${place}, and is needed by ${listed(ids)}: what needs it is not scored. Install it, or select other tasks.`;
}

function refuseDoubtful({ workload, stack, arms }: TasksExperiment, missing: readonly string[]): void {
  const { judge } = workload;
  const [first] = missing;
  if (first !== undefined) throw new ConfigError(`workload.strict: ${first}`);
  if (judge === undefined || stack.kind !== "attach") return;
  const { url, model } = stack.agent;
  const ways = [url, ...arms.flatMap((arm) => (arm.kind === "url" ? [arm.url] : []))].map(originOf);
  if (ways.includes(originOf(judge.url)) && (model === undefined || model === judge.model))
    throw new ConfigError(
      `workload.strict: the judge ${judge.model} at ${judge.url} is the model under test. Name another one, or leave workload.judge out.`,
    );
}

/** This machine has several names. */
function originOf(url: string): string {
  const { protocol, hostname, port } = new URL(url);
  const isHere = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/u.test(hostname);
  return `${protocol}//${isHere ? "localhost" : hostname}:${port}`;
}

function isInPath(program: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false; // It is not in this folder; another one may have it.
    }
  });
}

const listed = (ids: readonly string[]) =>
  ids.length <= 5 ? ids.join(", ") : `${ids.slice(0, 5).join(", ")} and ${ids.length - 5} more`;
