import { z } from "zod";
import type {
  Environment,
  EnvironmentAssertion,
  EnvironmentCall,
  EnvironmentReply,
  InitialState,
} from "../../contract/domain.ts";
import { replay } from "../../environment/replay.ts";
import type { PythonBridge } from "./python-bridge.ts";

const callSchema = z.object({ content: z.string(), error: z.boolean() });
const hashSchema = z.object({ agent: z.string(), user: z.string().nullable() });

export interface BridgedParts {
  readonly bridge: PythonBridge;
  /** Number of the environment in the child. */
  readonly number: number;
  /** Whether replays repeat a tool; by name, of either side. */
  readonly mutating: ReadonlyMap<string, boolean>;
}

/** One of tau2's own environments, in the Python child. */
export class BridgedEnvironment implements Environment {
  readonly #parts: BridgedParts;

  constructor(parts: BridgedParts, task: string | null) {
    this.#parts = parts;
    this.#ask("new", { task });
  }

  call({ name, requestor, argumentsText }: EnvironmentCall): EnvironmentReply {
    return callSchema.parse(this.#ask("call", { name, requestor, arguments: argumentsText }));
  }

  invoke({ name, requestor, argumentsText }: EnvironmentCall): unknown {
    return this.#ask("invoke", { name, requestor, arguments: argumentsText });
  }

  syncTools(): void {
    this.#ask("sync", {});
  }

  setState({ initialStateText, history, strict }: InitialState): void {
    if (initialStateText !== null) this.#ask("init", { state: initialStateText });
    replay(this, history, strict);
    this.syncTools();
  }

  runAssertion({ envType, functionName, argumentsText, assertValue }: EnvironmentAssertion): boolean {
    // The arguments are JSON already and stay as they are written: 2.0 is not 2 in Python.
    const head = JSON.stringify({ env_type: envType, func_name: functionName, assert_value: assertValue });
    const assertion = `${head.slice(0, -1)},"arguments":${argumentsText}}`;
    return z.boolean().parse(this.#ask("check", { assertion }));
  }

  agentHash(): string {
    return this.#hashes().agent;
  }

  userHash(): string | null {
    return this.#hashes().user;
  }

  mutates(name: string): boolean | null {
    return this.#parts.mutating.get(name) ?? null;
  }

  #hashes(): z.infer<typeof hashSchema> {
    return hashSchema.parse(this.#ask("hash", {}));
  }

  #ask(op: string, parameters: Readonly<Record<string, unknown>>): unknown {
    return this.#parts.bridge.request(op, { env: this.#parts.number, ...parameters });
  }
}
