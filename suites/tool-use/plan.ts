import { join } from "node:path";
import type { AgentFacts } from "../../bench/agent/agent.ts";
import { ConfigError } from "../../bench/errors.ts";
import type { Coverage, EpisodeTask, PlanContext, WorkloadPlan } from "../../bench/workload/workload.ts";
import { readCases, type CaseFile } from "./cases/read-cases.ts";
import { needsResults, type ToolUseCase } from "./contract/case.ts";
import type { ToolUseExperiment, ToolUseSection } from "./contract/section.ts";
import { systemPrompt } from "./attempt/open-session.ts";
import { scoreNames } from "./scoring/score-names.ts";
import { definitionsOf, ownToolNames } from "./tools/definitions.ts";

const ownFolder = join(import.meta.dirname, "own");
const ownKnowledge = join(ownFolder, "knowledge.jsonl");

/** The file of cases that a section means. */
export function caseFileOf({ cases }: Pick<ToolUseSection, "cases">): string {
  return cases ?? join(ownFolder, "cases.jsonl");
}

/** What a sweep of these cases would do. */
export function planOf(experiment: ToolUseExperiment, { agent }: Pick<PlanContext, "agent">): WorkloadPlan {
  const { workload } = experiment;
  const path = caseFileOf(workload);
  const file = readCases(path);
  refuseTaken(path, file);
  const { selected, excluded } = selectCases(file, workload, agent);
  if (selected.length === 0)
    throw new ConfigError(
      `${path} has ${file.cases.length} cases, and none is left: ${excluded.map(({ reason, count }) => `${count} ${reason}`).join("; ")}.`,
    );
  const { correct = 1 } = workload.simulated ?? {};
  const knowledge = workload.knowledge ?? ownKnowledge;
  return {
    episodes: Array.from({ length: workload.trials }, (_, trial) =>
      selected.map(({ id, category, difficulty }): EpisodeTask => ({
        taskId: id,
        trial,
        seed: workload.seed + trial,
        facts: { domain: category, axes: { category, difficulty } },
      })),
    ).flat(),
    hashes: file.hashes,
    facts: {
      cases: selected.length,
      casesTotal: file.cases.length,
      trials: workload.trials,
      tools: definitionsOf(file.tools).length,
      judgedBy: agent.oneRequest === true ? "calls and state" : "state and answer",
    },
    warnings: [...agentNotes(agent), ...exclusionNotes(excluded), ...knowledgeNotes(experiment)],
    scores: scoreNames,
    smoke: workload.smoke,
    coverage: { of: "cases", selected: selected.length, total: file.cases.length, excluded },
    axes: [
      { name: "category", heading: "category", meaning: "What kind of work the case is" },
      { name: "difficulty", heading: "difficulty", meaning: "How hard its author says that it is" },
    ],
    longestPrompt: { system: systemPrompt, toolsJson: JSON.stringify(definitionsOf(file.tools)) },
    taskData: {
      needsUserEngine: false,
      simulator: [
        ["policy", "knowledge"],
        ["data", knowledge],
        ["correct", String(correct)],
      ],
    },
  };
}

export interface CaseSelection {
  readonly selected: readonly ToolUseCase[];
  readonly excluded: Coverage["excluded"];
}

/** Which cases are run, and why the others are not. */
export function selectCases(
  { cases, tools }: Pick<CaseFile, "cases" | "tools">,
  { category, limit }: Pick<ToolUseSection, "category" | "limit">,
  { oneRequest }: Pick<AgentFacts, "oneRequest">,
): CaseSelection {
  refuseUnknownCategories(cases, category);
  const offered = new Set([...ownToolNames, ...tools.map(({ name }) => name)]);
  const reasons = new Map<string, number>();
  const selected = cases.filter((task) => {
    const reason = reasonAgainst(task, { offered, category, oneRequest: oneRequest === true });
    if (reason !== null) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    return reason === null;
  });
  const kept = selected.slice(0, limit ?? selected.length);
  if (kept.length < selected.length) reasons.set("beyond workload.limit", selected.length - kept.length);
  return { selected: kept, excluded: [...reasons].map(([reason, count]) => ({ reason, count })) };
}

interface Conditions {
  readonly offered: ReadonlySet<string>;
  readonly category: readonly string[] | undefined;
  readonly oneRequest: boolean;
}

function reasonAgainst(task: ToolUseCase, { offered, category, oneRequest }: Conditions): string | null {
  if (category !== undefined && !category.includes(task.category)) return "of other categories";
  const missing = [...task.expected, ...task.faults].find(({ tool }) => !offered.has(tool));
  if (missing !== undefined) return `need a tool that is not there: ${missing.tool}`;
  return oneRequest && needsResults(task)
    ? "need the result of a call, which an agent with one request never sees"
    : null;
}

function refuseUnknownCategories(
  cases: readonly ToolUseCase[],
  category: readonly string[] | undefined,
): void {
  const known = [...new Set(cases.map((task) => task.category))];
  const unknown = category?.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(
      `workload.category: no case is of category ${unknown}; there are ${known.join(", ")}.`,
    );
}

/** A file cannot bring another tool under a name of ours: cases of both kinds would mean different things by it. */
function refuseTaken(path: string, { tools }: CaseFile): void {
  const taken = tools.find(({ name }) => ownToolNames.includes(name));
  if (taken !== undefined)
    throw new ConfigError(`${path} brings a tool ${taken.name}, which Tollgate has. Give it another name.`);
}

function agentNotes({ oneRequest, name }: AgentFacts): string[] {
  if (oneRequest !== true) return [];
  return [
    `Agent ${name} asks its model once: the calls of that answer are made, nobody answers after them, and a case is judged by its calls and by what they have changed.`,
  ];
}

function exclusionNotes(excluded: Coverage["excluded"]): string[] {
  return excluded.flatMap(({ reason, count }) =>
    reason.startsWith("need a tool") ? [`${count} cases are left out: they ${reason}.`] : [],
  );
}

function knowledgeNotes({ stack, workload }: ToolUseExperiment): string[] {
  if (stack.kind !== "embedded" || workload.cases === undefined || workload.knowledge !== undefined)
    return [];
  return [
    "The simulated engine knows nothing of the cases in workload.cases, and will say so instead of doing them: name a file in workload.knowledge. Such scores say nothing about an agent.",
  ];
}
