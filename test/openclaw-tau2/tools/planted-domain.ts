import { createHash } from "node:crypto";
import { threadId } from "node:worker_threads";
import type {
  Environment,
  EnvironmentCall,
  EnvironmentReply,
  EvaluationInput,
  LoadedDomain,
  Task,
} from "../../../openclaw-tau2/tau2/domain.ts";
import type { Evaluation } from "../../../openclaw-tau2/tau2/evaluate.ts";
import type { DomainSettings } from "../../../openclaw-tau2/tools/domain-module.ts";

/** A domain whose tools misbehave on purpose. It is a `DomainModule`, imported by real worker threads. */
export function loadDomain(settings: DomainSettings): LoadedDomain {
  if (settings.domain === "unreadable") throw new Error("data folder is missing");
  return {
    name: settings.domain,
    policy: "Count with care. 数",
    agentToolsJson: '[{"type":"function","function":{"name":"add","parameters":{"default":2.0}}}]',
    userToolsJson: '[{"type":"function","function":{"name":"look"}}]',
    tasks: ["t1", "t2"].map(createTask),
    splits: new Map(),
    createEnvironment: () => new PlantedEnvironment(),
    userSystemPrompt: (task) => `You play ${task.id}.`,
    fileHashes: {},
  };
}

export function evaluate(domain: LoadedDomain, input: EvaluationInput): Evaluation {
  if (input.terminationReason === "explode") throw new RangeError("cannot judge this");
  const judged = input.judge === null ? null : input.judge(input.task.nlAssertions, input.messages);
  const dump = { domain: domain.name, task: input.task.id, messages: input.messages.length, judged };
  return {
    reward: 1,
    rewardBasis: input.task.rewardBasis,
    dump,
    dumpText: JSON.stringify(dump),
    hashes: null,
  };
}

function createTask(id: string): Task {
  return {
    id,
    text: `{"id":"${id}"}`,
    initialStateText: id === "t2" ? '{"start":40}' : null,
    messageHistory: [],
    rewardBasis: ["DB"],
    nlAssertions: ["it is polite"],
    hasUserTools: true,
  };
}

class PlantedEnvironment implements Environment {
  #total = 0;

  call(call: EnvironmentCall): EnvironmentReply {
    const fields = fieldsOf(call.argumentsText);
    if (fields === null) return { content: "Error: these are no arguments", error: true };
    switch (call.name) {
      case "add":
        this.#total += Number(fields["by"]);
        return { content: String(this.#total), error: false };
      case "look":
        return { content: `${call.requestor} sees ${this.#total}`, error: false };
      case "fail":
        return { content: "Error: no", error: true };
      case "raw":
        return { content: call.argumentsText, error: false };
      case "big":
        return { content: "x".repeat(Number(fields["bytes"])), error: false };
      case "sleep":
        block(Number(fields["ms"]));
        return { content: "slept", error: false };
      case "exit":
        process.exit(7);
      case "loop":
        return loopForever();
      case "crash":
        queueMicrotask(() => {
          throw new Error("planted crash");
        });
        return { content: "crashing", error: false };
      case "memory":
        return eatMemory();
      case "bug":
        throw new TypeError("planted bug");
      default:
        return { content: `thread ${threadId}`, error: false };
    }
  }

  syncTools(): void {}

  setState(state: { readonly initialStateText: string | null }): void {
    if (state.initialStateText === null) return;
    this.#total = (JSON.parse(state.initialStateText) as { start: number }).start;
  }

  invoke(): unknown {
    return null;
  }

  runAssertion(): boolean {
    return true;
  }

  agentHash(): string {
    return createHash("sha256").update(String(this.#total)).digest("hex");
  }

  userHash(): string | null {
    return null;
  }

  mutates(name: string): boolean {
    return name === "add";
  }
}

function fieldsOf(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function loopForever(): never {
  for (;;) block(10);
}

function eatMemory(): never {
  const kept: unknown[] = [];
  for (;;) kept.push(Array.from({ length: 100_000 }, (_, index) => ({ index })));
}
