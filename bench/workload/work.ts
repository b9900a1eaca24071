import type { Agent, AgentContext, AgentFacts, AgentTools } from "../agent/agent.ts";
import type { Experiment } from "../config/experiment.ts";
import { ConfigError } from "../errors.ts";
import type { PlanContext, PreparedWorkload, RunContext, Workload, WorkloadPlan } from "./workload.ts";

/** A workload and the agent that does it, as a run uses them. */
export interface Work {
  plan(experiment: Experiment, environment: PlanContext["environment"]): Promise<WorkPlan>;
  prepare(experiment: Experiment, context: RunContext): Promise<PreparedWorkload>;
}

export interface WorkPlan extends WorkloadPlan {
  readonly agent: { readonly name: string; readonly version: string };
  /** Whether requests of the work offer tools. */
  readonly usesTools: boolean;
}

/** Ties the workload and the agent together that an experiment names. */
export function workOf(workload: Workload, agent: Agent): Work {
  return {
    plan: async (experiment, environment) => {
      const facts = agent.describe(experiment.agent, workload.tools);
      checkTools(workload, facts);
      const plan = await workload.plan(experiment, { agent: facts, environment });
      const { name, version } = facts;
      return { ...plan, agent: { name, version }, usesTools: workload.tools !== "none" };
    },
    prepare: async (experiment, context) =>
      workload.prepare(experiment, {
        ...context,
        agent: agent.describe(experiment.agent, workload.tools),
        startAgent: (tools) => agent.start(experiment.agent, agentContext(experiment, context, tools)),
      }),
  };
}

function checkTools({ tools, section }: Workload, { name, usesTools }: AgentFacts): void {
  const offersTools = tools !== "none";
  if (offersTools === usesTools) return;
  const problem = offersTools ? "needs tools, which agent" : "has no tools, without which agent";
  const cannot = offersTools ? "cannot call" : "does not work";
  throw new ConfigError(
    `Workload ${section.kind} ${problem} ${name} ${cannot}. Set agent.kind to ${offersTools ? "one with tools, e.g. openclaw or native" : "one without, e.g. chat"}.`,
  );
}

const contextWindowDefault = 131_072;

function agentContext(
  { limits, sampling, stack }: Experiment,
  context: RunContext,
  tools: AgentTools | null,
): AgentContext {
  const known = "contextLength" in stack.agent ? stack.agent.contextLength : undefined;
  return {
    ...context,
    contextWindow: known ?? contextWindowDefault,
    maxTokens: sampling.maxTokens,
    callTimeoutMs: limits.callSeconds * 1000,
    turnTimeoutMs: limits.turnSeconds * 1000,
    startTimeoutMs: limits.startSeconds * 1000,
    tools,
  };
}
