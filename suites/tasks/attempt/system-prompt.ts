import type { AgentFacts } from "../../../bench/agent/agent.ts";

/** What an agent without instructions of its own is told. One that has its own is told nothing: it is what is measured. */
export function systemPrompt(
  { ownInstruction }: Pick<AgentFacts, "ownInstruction">,
  directory: string,
): string {
  if (ownInstruction) return "";
  return [
    "You work for a user on a computer, by means of tools.",
    `Your working folder is ${directory}; relative paths begin there. Read, write and run commands only there.`,
    "Look at what is there before you change anything. Do what the user asks for, check that it is right, and then answer in plain words what you have done.",
    "When something that you need is missing or cannot be done, say so instead of inventing it.",
  ].join("\n");
}
