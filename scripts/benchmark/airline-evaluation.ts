import type { EvaluationInput, LoadedDomain } from "../../openclaw-tau2/tau2/contract/domain.ts";
import { evaluate, EvaluationError } from "../../openclaw-tau2/tau2/evaluation/evaluate.ts";
import { loadDomain } from "../../openclaw-tau2/tau2/loading/load.ts";
import { messagesOf } from "../../openclaw-tau2/tau2/tasks/task.ts";
import { asDict, asText, goldenLines } from "../../openclaw-tau2/tau2/verify/golden-file.ts";
import { meanReading, millisecondsSince, type Measurement } from "./measurement.ts";
import { tau2Data } from "./tau2-data.ts";

/** Evaluates the recorded airline simulations, each of them new to the evaluator. */
export const airlineEvaluation: Measurement = {
  name: "evaluation",
  measure: async (bench) => {
    const data = tau2Data(bench);
    if ("skipped" in data) return data;
    const domain = loadDomain(data.domain("airline"));
    const tookMs = recordedInputs(domain, data.goldenDirectory).map((input) => {
      const startedNs = bench.nowNs();
      evaluateOrRaise(domain, input);
      return millisecondsSince(bench, startedNs);
    });
    return [meanReading({ what: "evaluation of one airline episode", unit: "ms", target: 10 }, tookMs)];
  },
};

function recordedInputs(domain: LoadedDomain, goldenDirectory: string): readonly EvaluationInput[] {
  const tasks = new Map(domain.tasks.map((task) => [task.id, task]));
  return [...goldenLines(goldenDirectory, "eval_airline.jsonl.gz")].flatMap((record) => {
    const task = tasks.get(asText(record.get("task_id")));
    if (task === undefined) return [];
    const simulation = asDict(record.get("simulation"));
    return {
      task,
      messages: messagesOf(simulation.get("messages")),
      terminationReason: asText(simulation.get("termination_reason")),
      solo: record.get("solo_mode") === true,
      strictReplay: record.get("strict_replay") === true,
      judge: null,
    };
  });
}

/** Some recorded simulations make tau2 raise; that takes its time as well. */
function evaluateOrRaise(domain: LoadedDomain, input: EvaluationInput): void {
  try {
    evaluate(domain, input);
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
  }
}
