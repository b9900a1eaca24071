import type { AgentDriver, AgentSession, AgentSessionRequest, AgentTools } from "../agent.ts";
import { ChatClient } from "../model/chat-client.ts";
import { connectToolClient } from "../../tools/client.ts";
import { ToolConnectionError } from "../../tools/tool-server-error.ts";
import { StartError } from "../../errors.ts";
import { OwnProcessLoad } from "../own-process-load.ts";
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
    const { socket, token } = await this.#lookUp(request.attemptKey);
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

  /** Every worker knows every session; one that is just being replaced is passed over. */
  async #lookUp(attemptKey: string) {
    const { callTimeoutMs, tools } = this.#options;
    let lost: unknown = new StartError("native agent", "The tool server has no socket.");
    for (const socket of tools.sockets) {
      try {
        using client = await connectToolClient({ socket, timeoutMs: callTimeoutMs });
        return await client.session(tools.fleetToken, attemptKey);
      } catch (error) {
        if (!(error instanceof ToolConnectionError)) throw error;
        lost = error;
      }
    }
    throw lost;
  }
}
