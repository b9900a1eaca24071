import { chat, type ToolCall } from "../client.ts";

/** A tool call as the conversation saw it, with the argument text untouched. */
export interface SeenCall {
  readonly requestor: "assistant" | "user";
  readonly name: string;
  readonly argumentsText: string;
}

export interface PlayedEpisode {
  readonly calls: readonly SeenCall[];
  readonly agentTexts: readonly string[];
  readonly userTexts: readonly string[];
  readonly stopped: boolean;
}

interface Message {
  readonly role: string;
  readonly content: string;
  readonly tool_calls?: readonly ToolCall[];
  readonly tool_call_id?: string;
}

export interface EpisodePlan {
  readonly agentUrl: string;
  readonly userUrl: string;
  /** Value of `x-tollgate-ref`. */
  readonly reference: string;
  readonly agentTools: readonly string[];
  readonly userTools: readonly string[];
}

function toolList(names: readonly string[]): unknown[] {
  return names.map((name) => ({
    type: "function",
    function: { name, description: `Does ${name}.`, parameters: { type: "object", properties: {} } },
  }));
}

/** One side's turn: its tool calls are answered with `ok` until it says something. */
async function turn(
  ask: (messages: readonly Message[]) => Promise<Message>,
  messages: Message[],
  onCall: (call: ToolCall) => void,
): Promise<string> {
  for (let rounds = 0; rounds < 100; rounds++) {
    const message = await ask(messages);
    messages.push(message);
    if (message.tool_calls === undefined) return message.content;
    for (const call of message.tool_calls) {
      onCall(call);
      messages.push({ role: "tool", content: "ok", tool_call_id: call.id });
    }
  }
  throw new Error("100 tool calls without a text");
}

/** Lets the two engines talk to each other as tau2 does, with tools that always answer `ok`. */
export async function playEpisode(plan: EpisodePlan): Promise<PlayedEpisode> {
  const agentMessages: Message[] = [{ role: "system", content: "Policy." }];
  const userMessages: Message[] = [{ role: "system", content: "You are a customer." }];
  const result = { calls: [] as SeenCall[], agentTexts: [] as string[], userTexts: [] as string[] };
  const ask = (url: string, tools: readonly string[], headers: Record<string, string>) => {
    return async (messages: readonly Message[]): Promise<Message> => {
      const body = tools.length > 0 ? { messages, tools: toolList(tools) } : { messages };
      const { message } = (await chat(url, body, headers)).choices[0];
      const { role, content, tool_calls: calls } = message;
      return { role, content: content ?? "", ...(calls == null ? {} : { tool_calls: calls }) };
    };
  };
  const note = (requestor: SeenCall["requestor"]) => (call: ToolCall) =>
    result.calls.push({ requestor, name: call.function.name, argumentsText: call.function.arguments });
  let agentText = "Hi! How can I help you today?";
  for (let turns = 0; turns < 60; turns++) {
    userMessages.push({ role: "user", content: agentText });
    const askUser = ask(plan.userUrl, plan.userTools, { "x-tollgate-ref": plan.reference });
    const userText = await turn(askUser, userMessages, note("user"));
    result.userTexts.push(userText);
    if (userText.includes("###STOP###")) return { ...result, stopped: true };
    agentMessages.push({ role: "user", content: userText });
    agentText = await turn(ask(plan.agentUrl, plan.agentTools, {}), agentMessages, note("assistant"));
    result.agentTexts.push(agentText);
  }
  return { ...result, stopped: false };
}
