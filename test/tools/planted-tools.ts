import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { threadId } from "node:worker_threads";
import type {
  EnvironmentCall,
  EnvironmentReply,
  OfferedTools,
  ToolEnvironment,
  ToolSource,
} from "../../bench/tools/tool-module.ts";

export interface PlantedTools {
  readonly settings: { readonly name: string };
  readonly opened: OfferedTools & { readonly start: number };
  readonly request: { readonly end: string };
  readonly judgement: { readonly task: string; readonly total: number; readonly end: string };
}

/** Tools that misbehave on purpose. It is a `ToolModule`, imported by real worker threads. */
export function load(settings: PlantedTools["settings"]): ToolSource<PlantedTools> {
  if (settings.name === "unreadable") throw new Error("data folder is missing");
  const starts = new Map([
    ["t1", 0],
    ["t2", 40],
  ]);
  return {
    open: (task) => {
      const start = starts.get(task);
      if (start === undefined) throw new Error(`${settings.name} has no task ${task}`);
      return new PlantedEnvironment(task, start);
    },
  };
}

class PlantedEnvironment implements ToolEnvironment<PlantedTools> {
  readonly opened: PlantedTools["opened"];
  readonly #task: string;
  #total: number;

  constructor(task: string, start: number) {
    this.#task = task;
    this.#total = start;
    this.opened = {
      policy: "Count with care. 数",
      agentToolsJson: '[{"type":"function","function":{"name":"add","parameters":{"default":2.0}}}]',
      start,
    };
  }

  call(call: EnvironmentCall): EnvironmentReply | Promise<EnvironmentReply> {
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
      case "environment":
        return { content: Object.keys(process.env).join(" "), error: false };
      case "big":
        return { content: "x".repeat(Number(fields["bytes"])), error: false };
      case "sleep":
        block(Number(fields["ms"]));
        return { content: "slept", error: false };
      case "wait":
        return sleep(Number(fields["ms"])).then(() => ({
          content: `waited for ${this.#total}`,
          error: false,
        }));
      case "late-bug":
        return sleep(10).then(() => {
          throw new TypeError("planted bug that came late");
        });
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

  hashes() {
    const agentHash = createHash("sha256").update(String(this.#total)).digest("hex");
    return { agentHash, userHash: null };
  }

  evaluate({ end }: PlantedTools["request"]): PlantedTools["judgement"] {
    if (end === "explode") throw new RangeError("cannot judge this");
    return { task: this.#task, total: this.#total, end };
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
