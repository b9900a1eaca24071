import { join } from "node:path";
import type { AgentFacts } from "../bench/agent/agent.ts";
import { ConfigError } from "../bench/errors.ts";
import { programEnvironment } from "../bench/host/program-environment.ts";
import type { EpisodeTask, PlanContext, WorkloadPlan } from "../bench/workload/workload.ts";
import { describedDomain } from "./described-domain.ts";
import { domainOptions } from "./domain-options.ts";
import type { Tau2Experiment } from "./section.ts";
import { systemPrompt } from "./system-prompt.ts";
import { checkDrops, coverageOf, selectTasks } from "./task-selection.ts";
import { checkoutFacts, checkoutWarnings } from "./tau2/schemas/checkout.ts";
import type { Task } from "./tau2/contract/domain.ts";
import { dataFolderOf } from "./tau2/domains/registry.ts";
import { trialSeeds } from "./tau2/python/random.ts";

/** What a sweep of tau2's tasks would do. */
export function planOf(experiment: Tau2Experiment, { agent, environment }: PlanContext): WorkloadPlan {
  const { workload } = experiment;
  const options = domainOptions(workload);
  const domain = describedDomain(experiment, programEnvironment(environment));
  const tasks = selectTasks(domain, workload.tasks);
  checkHistories(tasks, agent);
  const coverage = coverageOf(domain, tasks, workload.tasks);
  const systemOf = systemPrompt(workload, agent);
  if (experiment.stack.kind === "embedded") checkDrops(tasks, experiment.stack.agent.drop);
  const checkout = workload.checkout === undefined ? null : checkoutFacts(workload.checkout, domain.name);
  const seeds = trialSeeds(workload.seed, workload.trials);
  const folder = dataFolderOf(workload.domain);
  return {
    episodes: seeds.flatMap((seed, trial) =>
      tasks.map(({ id }): EpisodeTask => ({ taskId: id, trial, seed, facts: { domain: domain.name } })),
    ),
    hashes: domain.fileHashes,
    facts: {
      domain: domain.name,
      tasks: tasks.length,
      trials: workload.trials,
      prompt: agent.prompt,
      rewardBases: countBases(tasks),
      pythonVersion: workload.pythonVersion,
      pydanticVersion: workload.pydanticVersion,
      ...domain.facts,
      checkout,
    },
    warnings: checkout === null ? [] : checkoutWarnings(checkout),
    taskData: {
      needsUserEngine: true,
      simulator: [
        ["data", options.dataDirectory],
        ["domain", folder],
        ["schemas", options.schemasDirectory ?? join(options.dataDirectory, "tau2", "domains", folder)],
      ],
    },
    ...(coverage !== null && { coverage }),
    ...(checkout !== null && { versions: { tau2: checkout.commit } }),
    longestPrompt: { system: systemOf(domain.policy), toolsJson: domain.agentToolsJson },
  };
}

function checkHistories(tasks: readonly Task[], { name, takesHistory }: AgentFacts): void {
  const withHistory = tasks.filter((task) => task.messageHistory.length > 0);
  if (takesHistory || withHistory.length === 0) return;
  throw new ConfigError(
    `Tasks ${withHistory.map(({ id }) => id).join(", ")} begin with a conversation, which agent ${name} cannot be given. Leave them out (workload.tasks.ids) or use agent.kind: native.`,
  );
}

function countBases(tasks: readonly Task[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { rewardBasis } of tasks) {
    const name = rewardBasis.join("+");
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
