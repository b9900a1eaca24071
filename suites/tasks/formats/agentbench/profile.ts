import type { AgentBenchProfile, ExpectedMetrics, TaskTurn, Validator } from "../../contract/task.ts";
import type { AgentBenchFile } from "./task-schema.ts";
import { validatorOf } from "./validators.ts";

/** The weights that AgentBench gives where a task has none. */
const defaultWeights = [0.2, 0.35, 0.2, 0.25] as const;

export function turnsOf({ turns, user_message: message }: AgentBenchFile): readonly TaskTurn[] {
  const plain = { newSession: false, conditions: null };
  if (message !== undefined) return [{ ...plain, message, expect: null, validators: [] }];
  return (turns ?? []).map((turn) => ({
    ...plain,
    message: turn.message,
    expect: turn.expect ?? null,
    validators: (turn.validators ?? []).map(validatorOf),
  }));
}

/** What is expected of the task, beside what its turns expect. */
export function profileOf(task: AgentBenchFile): AgentBenchProfile {
  return {
    format: "agentbench",
    weights: weightsOf(task),
    outputs: (task.expected_outputs ?? []).map(({ pattern, required, validators }) => ({
      pattern,
      required,
      validators: (validators ?? []).map(validatorOf),
    })),
    behavior: (task.expected_behavior ?? []).map(({ description, validators }) => ({
      description,
      validators: (validators ?? []).map(validatorOf),
    })),
    metrics: metricsOf(task),
    mode: task.mode ?? null,
  };
}

/** A task that states some of its weights has the format's own for the others. */
function weightsOf({ scoring }: AgentBenchFile): AgentBenchProfile["weights"] {
  const { layer0_weight: l0, layer1_weight: l1, layer2_weight: l2, layer3_weight: l3 } = scoring ?? {};
  if ([l0, l1, l2, l3].every((weight) => weight === undefined)) return null;
  const [d0, d1, d2, d3] = defaultWeights;
  return [l0 ?? d0, l1 ?? d1, l2 ?? d2, l3 ?? d3];
}

function metricsOf({ expected_metrics: metrics }: AgentBenchFile): ExpectedMetrics | null {
  if (!metrics) return null;
  return { toolCalls: metrics.tool_calls ?? null, planningRatio: metrics.planning_ratio ?? null };
}

/** All of a task, wherever they stand. */
export function validatorsOf(task: AgentBenchFile): readonly Validator[] {
  const { outputs, behavior } = profileOf(task);
  return [...turnsOf(task), ...outputs, ...behavior].flatMap(({ validators }) => validators);
}
