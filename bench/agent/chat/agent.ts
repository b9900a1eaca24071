import { z } from "zod";
import type { Section } from "../../config/section.ts";
import { connectToolClient } from "../../tools/client.ts";
import type { Agent, AgentDriver, AgentSessionRequest, AgentTools } from "../agent.ts";
import { ChatClient } from "../model/chat-client.ts";
import { OwnProcessLoad } from "../own-process-load.ts";
import { findToolSession } from "../tool-session.ts";
import { ChatSession } from "./session.ts";

const section = {
  kind: "chat",
  schema: z.strictObject({
    kind: z
      .literal("chat")
      .describe("One request an episode, without an agent program: what remains is the model"),
  }),
} satisfies Section;

/** No agent at all: the task's text goes to the model, its answer is the episode. Calls in it are made, and nobody is told of their results. */
export const chat: Agent = {
  specificationVersion: "agent-v1",
  section,
  describe: (_, tools) => ({
    name: "chat",
    version: "one-request",
    prompt: "exact",
    usesTools: tools === "calls",
    oneRequest: true,
    ownTools: [],
    ownInstruction: false,
    takesHistory: false,
  }),
  start: async (_, { callTimeoutMs, tools }): Promise<AgentDriver> => {
    const client = new ChatClient();
    const load = new OwnProcessLoad("chat");
    return {
      openSession: async (request) => {
        const calls = tools === null ? null : await openCalls(tools, request, callTimeoutMs);
        return new ChatSession({ client, request, callTimeoutMs, calls });
      },
      eventLoopLoad: async () => load.take(),
      [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    };
  },
};

/** How the calls of a session's answer are made. */
async function openCalls(tools: AgentTools, { attemptKey }: AgentSessionRequest, timeoutMs: number) {
  const { socket, token } = await findToolSession(tools, attemptKey, timeoutMs);
  return { client: await connectToolClient({ socket, timeoutMs }), token };
}
