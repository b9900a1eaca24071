import { CallTree } from "../../bench/gateway/sessions/call-tree.ts";
import { outputParser, type ParserChoice } from "../../bench/gateway/parsing/parsers.ts";
import { renderConversation } from "../../bench/gateway/rendering/conversation-prompt.ts";
import { shapedTools } from "../../bench/gateway/rendering/tool-forms.ts";
import { extendChain } from "../../bench/gateway/rendering/message-chain.ts";
import { loadPromptModel, type PromptModel } from "../../bench/gateway/rendering/model-folder.ts";
import { normaliseMessages, type Message } from "../../bench/gateway/rendering/normalise-messages.ts";
import { parseForTemplate } from "../../bench/gateway/rendering/python-literals.ts";
import { PromptTemplate } from "../../bench/gateway/rendering/prompt-template.ts";
import type { InlinedTrajectory } from "../../bench/export/inlined-trajectory.ts";
import type { Trajectory } from "../../bench/store/record.ts";
import type { RecordedCall } from "../../bench/workload/recorded-episode.ts";
import { modelFolder } from "../gateway/recorded-run.ts";
import { buildInlined, said, toolResult } from "./inlined-builder.ts";
import { buildCall, buildRecorded } from "./recorded-builder.ts";

const simulated = loadPromptModel(modelFolder);
const endId = simulated.tokenizer.addedId("<|im_end|>") ?? -1;

/** The simulator's tokenizer with another template. */
export function modelWith(source: string): PromptModel {
  return { ...simulated, template: new PromptTemplate(source, { eos_token: "<|im_end|>" }) };
}

/** What happens in an episode: the user speaks, the model writes (raw, as it comes out of an engine), a tool answers. */
export type Played =
  | { readonly user: string }
  | { readonly greets: string }
  | { readonly result: string }
  | {
      readonly writes: string;
      /** Ids that are not the tokenizer's own spelling of the text. */
      readonly ids?: Int32Array;
      /** Without the token that ends a turn. */
      readonly unended?: boolean;
    };

export interface Stage {
  readonly model: PromptModel;
  readonly parsers?: Partial<ParserChoice>;
  readonly system?: string;
  readonly tools?: string;
  readonly level?: "L0" | "L1" | "L2";
  /** `chat_template_kwargs` of the requests. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

const library =
  '[{"type":"function","function":{"name":"renew_loan","description":"Renews.","parameters":{"type":"object","properties":{"loan_id":{"type":"string"},"days":{"type":"number"},"tags":{"type":"array"},"note":{"type":"string"},"urgent":{"type":"boolean"}}}}}]';

/** An episode as a gateway at that level records it: prompts by its own rendering, answers by its own parsers. */
export function playedEpisode(stage: Stage, events: readonly Played[]): InlinedTrajectory {
  const { system = "Help members of the library.", tools = library, level = "L2" } = stage;
  const tree = new CallTree();
  const chat: Message[] = system === "" ? [] : [{ role: "system", content: system }];
  const transcript: Trajectory["messages"][number][] = [];
  const calls: RecordedCall[] = [];
  const open: string[] = [];
  for (const event of events) {
    if ("user" in event) {
      chat.push({ role: "user", content: event.user });
      transcript.push(said("user", event.user));
    } else if ("greets" in event) {
      chat.push({ role: "assistant", content: event.greets });
      transcript.push(said("assistant", event.greets));
    } else if ("result" in event) {
      const id = open.shift() ?? "";
      chat.push({ role: "tool", tool_call_id: id, content: event.result });
      transcript.push(toolResult(id, { content: event.result }));
    } else {
      const requestId = `r${calls.length + 1}`;
      const { message, call } = answered(event, { ...stage, tools, chat, tree, requestId });
      chat.push(message.sentBack);
      transcript.push(message.stored);
      calls.push(call);
      open.push(...(message.stored.toolCalls ?? []).map(({ id }) => id));
    }
  }
  const noIds = { promptTail: null, outputIds: null, outputLogprobs: null };
  const recorded = buildRecorded(level === "L0" ? calls.map((call) => ({ ...call, ...noIds })) : calls, {
    level,
    tokenizerSha256: stage.model.tokenizerSha256,
  });
  return { ...buildInlined({ messages: transcript, recorded, system }), tools };
}

interface Moment extends Stage {
  readonly tools: string;
  readonly chat: readonly Message[];
  readonly tree: CallTree;
  readonly requestId: string;
}

function answered(event: Extract<Played, { readonly writes: string }>, moment: Moment) {
  const { model, tree, requestId, level = "L2" } = moment;
  const tools = parseForTemplate(moment.tools) as Message[];
  const prompt = renderConversation(
    { messages: moment.chat, tools, toolForm: "sglang-0.5.10", variables: moment.variables ?? {} },
    model,
    // At L1 the engine renders what the client sends, and nothing remembers.
    level === "L2" ? tree : new CallTree(),
  );
  const output = event.ids ?? model.tokenizer.encode(event.writes);
  const outputIds = Int32Array.from([...output, ...(event.unended === true ? [] : [endId])]);
  const parser = outputParser(
    { toolCalls: "qwen25", reasoning: "qwen3", ...moment.parsers },
    {
      tools: shapedTools(tools, "sglang-0.5.10"),
      reasoningOpened: prompt.lastText.trimEnd().endsWith("<think>"),
      engine: null,
    },
  );
  const pieces = [...parser.feed(event.writes), ...parser.end()];
  const joined = (kind: "content" | "reasoning") =>
    pieces.flatMap((piece) => (piece.kind === kind ? [piece.text] : [])).join("");
  const toolCalls = pieces
    .filter((piece) => piece.kind === "call")
    .map(({ name, index }) => ({
      id: `${requestId}-${index}`,
      name,
      arguments: pieces
        .flatMap((piece) => (piece.kind === "arguments" && piece.index === index ? [piece.text] : []))
        .join(""),
    }));
  const [content, reasoning] = [joined("content"), joined("reasoning")];
  const sentBack = {
    role: "assistant",
    content,
    ...(toolCalls.length === 0
      ? {}
      : {
          tool_calls: toolCalls.map(({ id, name, arguments: text }) => ({
            id,
            type: "function",
            function: { name, arguments: text },
          })),
        }),
  };
  const [echo = sentBack] = normaliseMessages([sentBack], "string").messages;
  const kept = tree.add({
    promptIds: prompt.ids,
    outputIds,
    outputLogprobs: new Float64Array(outputIds.length),
    weights: [],
    conversation: {
      chain: prompt.chain,
      after: extendChain(prompt.chain, echo),
      reasoning: reasoning === "" ? null : reasoning,
    },
  });
  if (kept === null) throw new Error("the tree keeps every call with tokens");
  const stored = said("assistant", content === "" && toolCalls.length > 0 ? null : content, {
    requestId,
    toolCalls: toolCalls.length === 0 ? null : toolCalls,
    ...(reasoning === "" ? {} : { reasoning }),
  });
  return {
    message: { sentBack, stored },
    call: buildCall({
      interactionId: requestId,
      requestId,
      parent: kept.parent,
      sharedTokens: kept.sharedTokens,
      breakCause: kept.breakCause,
      promptTail: [...kept.promptTail],
      outputIds: [...outputIds],
      outputLogprobs: [...kept.outputLogprobs],
      finishReason: "stop",
    }),
  };
}
