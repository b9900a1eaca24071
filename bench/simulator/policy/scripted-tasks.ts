import { onlyData, type Policy, type PolicyOptions } from "./policy.ts";
import { loadScenarios } from "./scenario.ts";
import { agentReply, UnknownScenarioError } from "./scripted-agent.ts";
import { strangerReply, userReply } from "./scripted-user.ts";

/** Plays tau2's tasks by their golden actions: the agent, or the customer. */
export function scriptedTasks(options: PolicyOptions): Policy {
  const book = loadScenarios({ ...options, data: onlyData(options) });
  if (options.role === "agent") return (conversation) => agentReply(conversation, book, options);
  return (conversation, reference) => {
    if (reference === null) return strangerReply(conversation);
    const scenario = book.find(reference.domain, reference.taskId);
    if (scenario === null)
      throw new UnknownScenarioError(
        `x-tollgate-ref names task ${reference.taskId} of domain ${reference.domain}, which was not loaded (loaded: ${book.domains.join(", ") || "none"})`,
      );
    return userReply(conversation, scenario, reference);
  };
}
