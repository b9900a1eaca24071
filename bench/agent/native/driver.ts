import type { AgentDriver, AgentSession, AgentSessionRequest, AgentTools } from "../agent.ts";
import { ChatClient } from "../model/chat-client.ts";
import { connectToolClient } from "../../tools/client.ts";
import { OwnProcessLoad } from "../own-process-load.ts";
import { findToolSession } from "../tool-session.ts";
import { NativeSession } from "./session.ts";

export interface NativeOptions {
  readonly tools: Pick<AgentTools, "fleetToken" | "sockets">;
  /** Longest time of one model request, and of one tool call. */
  readonly callTimeoutMs: number;
}

export class NativeDriver implements AgentDriver {
  readonly #options: NativeOptions;
  readonly #client = new ChatClient();
  readonly #load = new OwnProcessLoad("native");

  constructor(options: NativeOptions) {
    this.#options = options;
  }

  /** @throws ToolServerError when the tool server does not know the session. */
  async openSession(request: AgentSessionRequest): Promise<AgentSession> {
    const { callTimeoutMs } = this.#options;
    const { socket, token } = await findToolSession(this.#options.tools, request.attemptKey, callTimeoutMs);
    const tools = await connectToolClient({ socket, timeoutMs: callTimeoutMs });
    const client = this.#client;
    return new NativeSession({ request, client, tools, token, callTimeoutMs });
  }

  async eventLoopLoad() {
    return this.#load.take();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}
