import { availableParallelism } from "node:os";
import { ConfigError, StartError } from "../../errors.ts";
import type { Agent, AgentFacts, ToolSupply } from "../agent.ts";
import { fleetSize } from "./fleet.ts";
import { findOpenClaw } from "./installation.ts";
import { openclawSection, type OpenClawSection } from "./section.ts";

/** Those that work through a sandbox. */
const ownTools = ["read", "write", "edit", "exec", "process"];

/** The real OpenClaw, in gateway processes. */
export const openclaw: Agent<OpenClawSection> = {
  specificationVersion: "agent-v1",
  section: openclawSection,
  describe: (spec, tools) => ({
    name: "openclaw",
    ...(spec.attach === undefined ? { version: findOpenClaw().version } : attachedFacts(spec, tools)),
    // What it does in a workspace is its own prompt's doing, and no workload could send the same.
    prompt: tools === "workspace" ? "stock" : spec.prompt,
    usesTools: true,
    // A gateway that is not ours has the browser that its owner gives it: nobody has led that into a sandbox.
    ...(spec.attach === undefined
      ? { ownTools: [...ownTools, "browser"], browserPrograms: ["bash", "chromium"] }
      : { ownTools }),
    ownInstruction: true,
    takesHistory: false,
  }),
  start: async (spec, agentContext) => {
    const { concurrencyMax, tools, ...context } = agentContext;
    const { gateways, attach } = spec;
    if (attach !== undefined) {
      const { attachOpenClaw } = await import("./attached-driver.ts");
      return attachOpenClaw({ ...spec, attach }, agentContext);
    }
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

/**
 * What can be said of a gateway that nobody has spoken to yet: its version is asked at the start.
 * @throws {ConfigError} where a gateway that is not ours cannot do such work
 */
function attachedFacts(
  { attach, workspaces }: OpenClawSection,
  tools: ToolSupply,
): Pick<AgentFacts, "version" | "workspaceRoot"> {
  if (tools !== "workspace")
    throw new ConfigError(
      `agent.attach: the gateway at ${attach} has tools of its own and none of ours, so it can do workload tasks and no other. Leave agent.attach out: Tollgate then starts OpenClaw itself.`,
    );
  if (workspaces === undefined)
    throw new ConfigError(
      `agent.workspaces is missing: name a folder that the gateway at ${attach} sees under the same path, e.g. /home/node/.openclaw/workspace/tollgate on a shared volume.`,
    );
  return { version: "attached", workspaceRoot: workspaces };
}
