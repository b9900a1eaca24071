import { availableParallelism } from "node:os";
import { StartError } from "../../errors.ts";
import type { Agent } from "../agent.ts";
import { fleetSize } from "./fleet.ts";
import { findOpenClaw } from "./installation.ts";
import { openclawSection, type OpenClawSection } from "./section.ts";

/** Those that work through a sandbox; its browser would run outside. */
const ownTools = ["read", "write", "edit", "exec", "process"];

/** The real OpenClaw, in gateway processes. */
export const openclaw: Agent<OpenClawSection> = {
  specificationVersion: "agent-v1",
  section: openclawSection,
  describe: ({ prompt }, tools) => ({
    name: "openclaw",
    version: findOpenClaw().version,
    // What it does in a workspace is its own prompt's doing, and no workload could send the same.
    prompt: tools === "workspace" ? "stock" : prompt,
    usesTools: true,
    ownTools,
    ownInstruction: true,
    takesHistory: false,
  }),
  start: async ({ gateways }, { concurrencyMax, tools, ...context }) => {
    if (tools === null) throw new StartError("agent", "OpenClaw gets its sessions from a tool server.");
    // Only where it is used: who measures with another agent need not hold it in memory.
    const { startOpenClaw } = await import("./driver.ts");
    return startOpenClaw({
      ...context,
      gateways: gateways === "auto" ? fleetSize(concurrencyMax, availableParallelism()) : gateways,
      fleetToken: tools.fleetToken,
      toolSockets: tools.sockets,
      toolNames: tools.names,
      ownTools: tools.own ?? [],
      maxConcurrent: concurrencyMax,
    });
  },
};
