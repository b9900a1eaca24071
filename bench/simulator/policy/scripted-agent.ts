import type { PlayedConversation, Turn } from "./conversation.ts";
import { type MistakeOptions, omissionsOf } from "./mistake.ts";
import { closingQuestion, findMarks, findReference, mark } from "./reference.ts";
import { callTool, type PolicyReply, say } from "./reply.ts";
import type { PlannedAction, Scenario, ScenarioBook } from "./scenario.ts";

/** The `[ref …]` of a conversation names a task that was not loaded: the simulator was started with the wrong data. */
export class UnknownScenarioError extends Error {}

/**
 * The scripted agent: carries out the golden actions of the task that the customer's `[ref …]` names, one tool call per
 * message, asks the customer for the steps that are the customer's, says what must be said. What it has done so far it
 * reads from the conversation alone. Throws UnknownScenarioError.
 */
export function agentReply(
  conversation: PlayedConversation,
  book: ScenarioBook,
  options: MistakeOptions,
): PolicyReply {
  const start = conversation.turns.findIndex(
    (turn) => turn.role === "user" && findReference(turn.text) !== null,
  );
  const reference = findReference(conversation.turns[start]?.text ?? "");
  if (reference === null) return say("Hello, I am the simulated agent. Which task is this about?");
  const scenario = book.find(reference.domain, reference.taskId);
  if (scenario === null)
    throw new UnknownScenarioError(
      `task ${reference.taskId} of domain ${reference.domain} was not loaded (loaded: ${book.domains.join(", ") || "none"})`,
    );
  const omissions = omissionsOf(scenario, reference, options);
  const plan = [...scenario.actions.entries()].filter(([step]) => !omissions.steps.has(step));
  const next = nextStep(plan, conversation.turns.slice(start));
  if (next === null) return say(closingText(omissions.communicate ? [] : scenario.communicate));
  const [step, action] = next;
  if (action.requestor === "user") return say(`Please do step ${mark("do", step)}.`);
  if (!conversation.tools.some(({ name }) => name === action.name))
    return say(`I cannot call ${action.name} because I do not have that tool. ${closingQuestion}`);
  return callTool(action.name, action.argumentsText);
}

type PlannedStep = readonly [step: number, action: PlannedAction];

/** The first step of the plan that the conversation does not show yet. */
function nextStep(plan: readonly PlannedStep[], turns: readonly Turn[]): PlannedStep | null {
  let callsMade = turns.reduce((sum, turn) => sum + turn.calls.length, 0);
  const answered = new Set<number>();
  for (const { role, text } of turns)
    if (role === "user")
      for (const step of [...findMarks(text, "done"), ...findMarks(text, "cannot")]) answered.add(step);
  for (const planned of plan) {
    const [step, { requestor }] = planned;
    if (requestor === "user") {
      if (!answered.has(step)) return planned;
    } else if (callsMade > 0) callsMade--;
    else return planned;
  }
  return null;
}

function closingText(communicate: Scenario["communicate"]): string {
  const facts = communicate.length === 0 ? "" : ` Here is what you should know: ${communicate.join("; ")}.`;
  return `I have finished what you asked for.${facts} ${closingQuestion}`;
}
