import { join } from "node:path";
import type { AgentFacts } from "../bench/agent/agent.ts";
import { domainOptions } from "./domain-options.ts";
import type { Tau2Section } from "./section.ts";
import { agentSystemPrompt, readAgentPrompt } from "./tau2/text/agent-prompt.ts";

/** The system message by policy: the policy alone for an agent with instructions of its own, else tau2's wrap it. */
export function systemPrompt(workload: Tau2Section, agent: AgentFacts): (policy: string) => string {
  if (agent.ownInstruction) return (policy) => policy;
  const { dataDirectory, schemasDirectory, checkout } = domainOptions(workload);
  const prompt = readAgentPrompt({
    checkoutDirectory: checkout ?? null,
    policiesFile: schemasDirectory === null ? null : join(schemasDirectory, "policies.json"),
    instructionFile: workload.data === undefined ? join(dataDirectory, "tau2", "agent_instruction.md") : null,
  });
  return (policy) => agentSystemPrompt(prompt, policy);
}
