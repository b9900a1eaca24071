import { StartError } from "../../errors.ts";
import type { Agent } from "../agent.ts";
import { NativeDriver } from "./driver.ts";
import { nativeSection, type NativeSection } from "./section.ts";

/** A bare loop of model and tools in this process, as tau2's own agent is one: the baseline without an agent program. */
export const native: Agent<NativeSection> = {
  specificationVersion: "agent-v1",
  section: nativeSection,
  describe: ({ prompt }) => ({
    name: "native",
    version: "tau2-llm-agent",
    prompt,
    usesTools: true,
    ownTools: [],
    ownInstruction: false,
    takesHistory: true,
  }),
  start: async (_, { callTimeoutMs, tools }) => {
    if (tools === null)
      throw new StartError("agent", "The native agent gets its sessions from a tool server.");
    return new NativeDriver({ tools, callTimeoutMs });
  },
};
