import type { ToolEnvironment, ToolSource } from "../../bench/tools/tool-module.ts";
import type { LoadedDomain, Task, Tau2Message } from "../tau2/contract/domain.ts";
import { evaluate, type Evaluation } from "../tau2/evaluation/evaluate.ts";
import type { LoadOptions } from "../tau2/contract/load-options.ts";
import { loadDomain } from "../tau2/loading/load.ts";

/** What tau2's workload and its tools in a worker thread say to each other. */
export interface Tau2Tools {
  readonly settings: LoadOptions;
  readonly opened: OpenedTask;
  readonly request: EvaluationRequest;
  readonly judgement: Evaluation;
}

export interface OpenedTask {
  readonly policy: string;
  readonly agentToolsJson: string;
  readonly userToolsJson: string | null;
  readonly userSystemPrompt: string;
}

export interface EvaluationRequest {
  readonly messages: readonly Tau2Message[];
  readonly terminationReason: string;
}

/** The module's URL, for worker threads. */
export const tau2ToolsUrl = new URL(import.meta.url);

/** A `ToolModule`: tau2's domains. */
export function load(settings: LoadOptions): ToolSource<Tau2Tools> {
  const domain = loadDomain(settings);
  const tasks = new Map(domain.tasks.map((task) => [task.id, task]));
  return {
    open: (taskId) => {
      const task = tasks.get(taskId);
      if (task === undefined) throw new Error(`domain ${domain.name} has no task ${taskId}`);
      return openTask(domain, task);
    },
  };
}

function openTask(domain: LoadedDomain, task: Task): ToolEnvironment<Tau2Tools> {
  const environment = domain.createEnvironment({ task });
  environment.setState({
    initialStateText: task.initialStateText,
    history: task.messageHistory,
    strict: true,
  });
  const offer = domain.forTask?.(task) ?? domain;
  return {
    opened: {
      policy: offer.policy,
      agentToolsJson: domain.agentToolsJson,
      userToolsJson: offer.userToolsJson,
      userSystemPrompt: domain.userSystemPrompt(task),
    },
    call: (call) => environment.call(call),
    hashes: () => ({ agentHash: environment.agentHash(), userHash: environment.userHash() }),
    evaluate: ({ messages, terminationReason }) =>
      evaluate(domain, {
        task,
        messages,
        terminationReason,
        solo: false,
        strictReplay: true,
        judge: null,
      }),
  };
}
