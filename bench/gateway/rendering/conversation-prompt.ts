import { chainOf, type MessageChain } from "./message-chain.ts";
import type { PromptModel } from "./model-folder.ts";
import { concatIds } from "./model-tokenizer.ts";
import { normaliseMessages, type Message } from "./normalise-messages.ts";
import { sglangMessages } from "./engine-prompt.ts";
import { shapedTools } from "./tool-forms.ts";

/** A finished call whose tokens the next prompt may continue. */
export interface EarlierCall {
  readonly promptIds: Int32Array;
  readonly outputIds: Int32Array;
}

/** What a conversation knows of its earlier calls, by the chain's digest behind the call's answer. */
export interface EarlierCalls {
  isAnswered(digest: string): boolean;
  callAfter(digest: string): EarlierCall | null;
  /** Reasoning of the call; null where there was none. Clients leave it out of what they send back. */
  reasoningOf(digest: string): string | null;
}

export interface ChatPrompt {
  readonly messages: readonly Message[];
  readonly tools: readonly unknown[];
  /** Name of the form in which the template gets the tools. */
  readonly toolForm: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface RenderedPrompt {
  readonly ids: Int32Array;
  readonly chain: MessageChain;
  /** Text at the end of the prompt, where a template may open the model's reasoning. */
  readonly lastText: string;
  /** True when the prompt begins with an earlier prompt and the model's own output ids. */
  readonly continues: boolean;
  readonly invalidArguments: number;
}

/**
 * Messages to token ids. Where the history is one that this model has answered before, its prompt and the ids that it
 * generated stay as they were, and only what follows them is tokenised: a text can be spelled in more than one way, and a
 * model that is trained on it has to see the way it was.
 * @throws {PromptTemplateError}
 */
export function renderConversation(
  prompt: ChatPrompt,
  model: PromptModel,
  earlier: EarlierCalls,
): RenderedPrompt {
  const { template, tokenizer } = model;
  const tools = shapedTools(prompt.tools, prompt.toolForm);
  const { messages, invalidArguments } = normaliseMessages(prompt.messages, template.contentFormat);
  const chain = chainOf(tools, messages, prompt.variables);
  const complete = messages.map((message, at) =>
    withReasoning(message, earlier.reasoningOf(chain[at + 1] ?? "")),
  );
  const render = (count: number, addGenerationPrompt: boolean) =>
    template.render({
      messages: sglangMessages(complete.slice(0, count), { lastIsPrompt: addGenerationPrompt }),
      tools,
      variables: prompt.variables,
      addGenerationPrompt,
    });
  const text = render(complete.length, true);
  const facts = { chain, lastText: text.slice(-64), invalidArguments };
  // A conversation may have been answered at several of its prefixes; the longest one leaves the least to tokenise.
  const answered = chain.findLastIndex((digest) => earlier.isAnswered(digest));
  const call = earlier.callAfter(chain[answered] ?? "");
  if (call !== null) {
    const history = render(answered, false);
    const follow = textAfter({ text, history, call }, model);
    if (follow !== null)
      return {
        ...facts,
        ids: concatIds([call.promptIds, call.outputIds, tokenizer.encode(follow)]),
        continues: true,
      };
  }
  return { ...facts, ids: tokenizer.encode(text), continues: false };
}

function withReasoning(message: Message, reasoning: string | null): Message {
  if (reasoning === null || message["reasoning_content"] != null) return message;
  return { ...message, reasoning_content: reasoning };
}

/**
 * What the prompt says behind the model's output: the end of its turn, where it did not write that itself, and all later
 * messages. null when the template now renders the history in another way than it did when the model answered.
 */
function textAfter(
  { text, history, call }: { readonly text: string; readonly history: string; readonly call: EarlierCall },
  { tokenizer, endOfTurn }: PromptModel,
): string | null {
  if (!text.startsWith(history)) return null;
  const written = tokenizer.addedText(call.outputIds.at(-1) ?? -1);
  const end = written !== null && history.trimEnd().endsWith(written) ? written : endOfTurn;
  const at = end === null ? -1 : history.lastIndexOf(end);
  if (end === null || at === -1 || history.slice(at + end.length).trim() !== "") return null;
  return text.slice(written === end ? at + end.length : at);
}
