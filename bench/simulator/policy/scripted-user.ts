import type { PlayedConversation, Turn } from "./conversation.ts";
import {
  closingQuestion,
  type EpisodeReference,
  findMarks,
  findReference,
  formatReference,
  mark,
  stopToken,
} from "./reference.ts";
import { callTool, type PolicyReply, say } from "./reply.ts";
import type { Scenario } from "./scenario.ts";

/** After so many replies to texts it has no script for, the customer gives up. */
const patience = 3;
const nudge = "Please go on.";

/**
 * The scripted customer. The conversation comes with flipped roles, as tau2's user simulator sends it: `assistant` is the
 * customer, `user` the agent, `tool` a result of the customer's own tools.
 */
export function userReply(
  conversation: PlayedConversation,
  scenario: Scenario,
  reference: EpisodeReference,
): PolicyReply {
  const { turns, tools } = conversation;
  const own = turns.filter(({ role }) => role === "assistant");
  if (!own.some(({ text }) => findReference(text) !== null))
    return say(`${formatReference(reference)} ${scenario.reason}`);
  const asked = askedStep(turns);
  if (turns.at(-1)?.role === "tool")
    return say(asked === null ? nudge : `I did that. ${mark("done", asked)}`);
  const agentText = turns.at(-1)?.text ?? "";
  if (asked !== null && findMarks(agentText, "do").includes(asked)) {
    const action = scenario.actions[asked];
    if (action?.requestor === "user" && tools.some(({ name }) => name === action.name))
      return callTool(action.name, action.argumentsText);
    return say(`I cannot do that. ${mark("cannot", asked)}`);
  }
  const nudges = own.filter(({ text }) => text === nudge).length;
  return isClosing(agentText, scenario) || nudges >= patience
    ? say(`No, that is all. Thank you. ${stopToken}`)
    : say(nudge);
}

/** For requests that belong to no episode: one sentence, then the end. */
export function strangerReply(conversation: PlayedConversation): PolicyReply {
  const spoken = conversation.turns.some(({ role }) => role === "assistant");
  return say(spoken ? `That is all. ${stopToken}` : "Hello, I need some help.");
}

function askedStep(turns: readonly Turn[]): number | null {
  const request = turns.findLast(({ role, text }) => role === "user" && findMarks(text, "do").length > 0);
  return request === undefined ? null : (findMarks(request.text, "do").at(-1) ?? null);
}

function isClosing(text: string, { communicate }: Scenario): boolean {
  if (text.includes(closingQuestion) || text.includes("anything else")) return true;
  return communicate.length > 0 && communicate.every((fact) => text.includes(fact));
}
