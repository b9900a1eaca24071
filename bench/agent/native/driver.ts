import { performance, type EventLoopUtilization } from "node:perf_hooks";
import type { AgentDriver, AgentSession, AgentSessionRequest } from "../agent.ts";
import { ChatClient } from "../model/chat-client.ts";
import { connectToolClient } from "../../tools/client.ts";
import type { ToolServer } from "../../tools/server.ts";
import { ToolConnectionError } from "../../tools/tool-server-error.ts";
import { StartError } from "../../errors.ts";
import { NativeSession } from "./session.ts";

export interface NativeOptions {
  readonly toolServer: Pick<ToolServer, "fleetToken" | "sockets">;
  /** Longest time of one model request, and of one tool call. */
  readonly callTimeoutMs: number;
}

/** tau2's own agent loop in this process: the baseline without an agent program around it. */
export function startNative(options: NativeOptions): AgentDriver {
  return new NativeDriver(options);
}

class NativeDriver implements AgentDriver {
  readonly name = "native";
  readonly version = "tau2-llm-agent";
  /** This process is the driver's own; when it dies, nobody is left to be told. */
  readonly died = new Promise<never>(() => undefined);
  readonly #options: NativeOptions;
  readonly #client = new ChatClient();
  #measured: EventLoopUtilization = performance.eventLoopUtilization();

  constructor(options: NativeOptions) {
    this.#options = options;
  }

  /** @throws ToolServerError when the tool server does not know the session. */
  async openSession(request: AgentSessionRequest): Promise<AgentSession> {
    const { callTimeoutMs } = this.#options;
    const { socket, token } = await this.#lookUp(request.attemptKey);
    const tools = await connectToolClient({ socket, timeoutMs: callTimeoutMs });
    const client = this.#client;
    return new NativeSession({ request, client, tools, token, callTimeoutMs });
  }

  async eventLoopLoad() {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#measured);
    this.#measured = now;
    return [{ process: "native", eventLoopUtilization: utilization }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  /** Every worker knows every session; one that is just being replaced is passed over. */
  async #lookUp(attemptKey: string) {
    const { callTimeoutMs, toolServer } = this.#options;
    let lost: unknown = new StartError("native agent", "The tool server has no socket.");
    for (const socket of toolServer.sockets) {
      try {
        using client = await connectToolClient({ socket, timeoutMs: callTimeoutMs });
        return await client.session(toolServer.fleetToken, attemptKey);
      } catch (error) {
        if (!(error instanceof ToolConnectionError)) throw error;
        lost = error;
      }
    }
    throw lost;
  }
}
