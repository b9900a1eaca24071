import { z } from "zod";
import type { Section } from "../../config/section.ts";
import type { Agent, AgentDriver } from "../agent.ts";
import { ChatClient } from "../model/chat-client.ts";
import { OwnProcessLoad } from "../own-process-load.ts";
import { ChatSession } from "./session.ts";

const section = {
  kind: "chat",
  schema: z.strictObject({
    kind: z.literal("chat").describe("One request an episode, without tools: what remains is the model"),
  }),
} satisfies Section;

/** No agent at all: the task's text goes to the model, its answer is the episode. */
export const chat: Agent = {
  specificationVersion: "agent-v1",
  section,
  describe: () => ({
    name: "chat",
    version: "one-request",
    prompt: "exact",
    usesTools: false,
    ownTools: [],
    ownInstruction: false,
    takesHistory: false,
  }),
  start: async (_, { callTimeoutMs }): Promise<AgentDriver> => {
    const client = new ChatClient();
    const load = new OwnProcessLoad("chat");
    return {
      openSession: async (request) => new ChatSession({ client, request, callTimeoutMs }),
      eventLoopLoad: async () => load.take(),
      [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
    };
  },
};
