import type { ToolEnvironment, ToolSource } from "../../../tools/tool-module.ts";

/** An agent learns of its sessions from a tool server, also where there are no tools. */
export function load(): ToolSource {
  return { open: () => environment };
}

const environment: ToolEnvironment = {
  opened: { policy: "", agentToolsJson: "[]" },
  call: ({ name }) => ({ content: `there is no tool ${name}`, error: true }),
  hashes: () => ({ agentHash: "", userHash: null }),
  evaluate: () => null,
};
