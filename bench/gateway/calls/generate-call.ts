import { whyIncomplete } from "../../answer/complete.ts";
import { isErrorEvent } from "../../answer/error-forms.ts";
import { EventSplitter } from "../../answer/event-splitter.ts";
import { isJson, parsed } from "../../answer/json.ts";
import { saysNothing } from "../../answer/read-answer.ts";
import { messageOf } from "../../errors.ts";
import { ChatAnswer, type AnswerEnd } from "./chat-answer.ts";
import type { CallTokens } from "../sessions/call-tree.ts";
import { DialectError } from "../http/dialect-error.ts";
import { askEngine, asEngineError, engineMessage, EngineError } from "../engine/engine-request.ts";
import {
  EngineAnswerError,
  GenerateFrames,
  generateFrameSchema,
  type GenerateEnd,
  type GenerateFrame,
} from "../engine/generate-frames.ts";
import { weightSpans } from "../engine/weight-spans.ts";
import { outputParser, type ParserChoice } from "../parsing/parsers.ts";
import type { ParserDialect } from "../parsing/sglang-qwen25-parser.ts";
import { renderConversation, type RenderedPrompt } from "../rendering/conversation-prompt.ts";
import { extendChain } from "../rendering/message-chain.ts";
import type { PromptModel } from "../rendering/model-folder.ts";
import { normaliseMessages } from "../rendering/normalise-messages.ts";
import { PromptTemplateError } from "../rendering/prompt-template.ts";
import { shapedTools } from "../rendering/tool-forms.ts";
import { samplingParameters, stopTexts } from "./sampling-parameters.ts";
import { finishCall, type TokenCall } from "./token-call.ts";

/** What level L2 needs besides the call. */
export interface GenerateSetup {
  readonly model: PromptModel;
  readonly parsers: ParserChoice;
  /** Name of the form in which the engine's template gets tools. */
  readonly toolForm: string;
  /** How the engine reads calls. */
  readonly dialect: ParserDialect;
}

/**
 * Level L2: the prompt is rendered here and sent as ids to `/generate`, whose frames become the client's answer as they
 * come.
 * @throws {DialectError | EngineError | ClientGoneError}
 */
export async function callGenerate(call: TokenCall, setup: GenerateSetup): Promise<void> {
  const { model, parsers, toolForm } = setup;
  const { body, tools } = call.chat;
  const parameters = samplingParameters(body, model.samplingDefaults);
  const prompt = rendered(call, setup);
  const answer = new ChatAnswer(
    { response: call.response, onChunk: (bytes) => call.clock.chunk(bytes) },
    { id: call.interactionId, created: call.created, model: body.model ?? "" },
    {
      streamed: body.stream === true,
      includeUsage: body.stream_options?.include_usage === true,
      newCallId: call.newCallId,
      extras: {},
    },
  );
  const parser = outputParser(parsers, {
    tools: shapedTools(tools, toolForm),
    reasoningOpened: prompt.lastText.trimEnd().endsWith("<think>"),
    engine: { dialect: setup.dialect, streamed: body.stream === true },
  });
  const frames = new GenerateFrames(stopTexts(body));
  try {
    for await (const frame of framesOf(call, prompt.ids, parameters)) {
      call.clock.engineAnswered();
      const reason = frame.meta_info.finish_reason;
      if (reason?.type === "abort") throw aborted(reason);
      const pieces = parser.feed(frames.add(frame));
      if (pieces.length === 0) continue;
      answer.add(pieces);
      call.clock.tokens();
    }
    const reason = frames.meta?.finish_reason;
    const incomplete = whyIncomplete({ finish: reason?.type ?? null, error: null }, true);
    if (!reason || incomplete !== null) throw new EngineError(502, `The engine's answer ${incomplete ?? ""}`);
    const rest = parser.end();
    answer.add(rest);
    if (rest.length > 0) call.clock.tokens();
    finishCall(call, answer, {
      end: endOf(reason, answer.hasCalls || parser.endsAsCall === true, frames),
      tokens: tokensOf(call, { prompt, frames, answer }),
    });
  } catch (thrown) {
    const error = asEngineError(thrown, { url: call.engine.url, signal: call.signal });
    if (!(error instanceof EngineError) || !call.response.headersSent) throw error;
    answer.endWithError(error.body);
    throw error;
  }
}

function rendered(call: TokenCall, { model, toolForm }: GenerateSetup): RenderedPrompt {
  const { messages, tools, body } = call.chat;
  try {
    const variables = body.chat_template_kwargs ?? {};
    const prompt = renderConversation({ messages, tools, toolForm, variables }, model, call.earlier);
    if (prompt.invalidArguments > 0) call.note("invalid-tool-arguments");
    return prompt;
  } catch (cause) {
    if (cause instanceof PromptTemplateError) throw new DialectError(400, messageOf(cause));
    throw cause;
  }
}

/** Always streamed from the engine, so that it learns when a client goes away. */
async function* framesOf(
  { engine, request, signal, interactionId }: TokenCall,
  promptIds: Int32Array,
  parameters: Readonly<Record<string, unknown>>,
): AsyncGenerator<GenerateFrame> {
  const body = {
    input_ids: [...promptIds],
    sampling_params: parameters,
    return_logprob: true,
    stream: true,
    rid: interactionId,
  };
  const answer = await askEngine(engine, { path: "/generate", body: JSON.stringify(body), request, signal });
  const events: string[] = [];
  const splitter = new EventSplitter({ event: ({ data }) => void events.push(data) });
  for await (const chunk of answer) {
    splitter.push(chunk);
    for (const data of events.splice(0)) yield* frameIn(data);
  }
  // A last frame may lack the empty line behind it.
  splitter.end();
  for (const data of events.splice(0)) yield* frameIn(data);
}

/** None in what only keeps the connection open or says that nothing more comes. */
function frameIn(data: string): readonly GenerateFrame[] {
  return saysNothing(data) ? [] : [frameOf(data)];
}

/** @throws {EngineError} for an error in place of a frame */
function frameOf(data: string): GenerateFrame {
  const json = parsed(data);
  const frame = generateFrameSchema.safeParse(json);
  if (frame.success) return frame.data;
  const isError = isJson(json) && isErrorEvent(json);
  // SGLang validates a streamed request behind status 200; what it says there is about the request.
  if (isError) throw new EngineError(400, engineMessage(data));
  throw new EngineError(502, `The engine's frame has another shape than SGLang's: ${data.slice(0, 200)}`);
}

function aborted({ message, status_code: code }: GenerateEnd): EngineError {
  const status = Number(code);
  return new EngineError(
    Number.isInteger(status) && status >= 400 && status < 600 ? status : 503,
    `The engine aborted the generation: ${message ?? "it gave no reason"}`,
  );
}

function endOf(reason: GenerateEnd, isCall: boolean, { meta }: GenerateFrames): AnswerEnd {
  const matched = reason.matched ?? null;
  return {
    finishReason: reason.type === "stop" && isCall ? "tool_calls" : reason.type,
    matchedStop: Array.isArray(matched) ? (matched[0] ?? null) : matched,
    usage: {
      promptTokens: meta?.prompt_tokens ?? 0,
      completionTokens: meta?.completion_tokens ?? 0,
      cachedTokens: meta?.cached_tokens ?? null,
    },
  };
}

function tokensOf(
  call: TokenCall,
  { prompt, frames, answer }: { prompt: RenderedPrompt; frames: GenerateFrames; answer: ChatAnswer },
): CallTokens | null {
  const { message } = answer;
  const [echo = message] = normaliseMessages([message], "string").messages;
  try {
    const { ids, logprobs } = frames.tokens();
    return {
      promptIds: prompt.ids,
      outputIds: Int32Array.from(ids),
      outputLogprobs: Float64Array.from(logprobs),
      weights: weightSpans(
        { version: frames.meta?.weight_version, versions: frames.meta?.weight_versions },
        ids.length,
      ),
      conversation: {
        chain: prompt.chain,
        after: extendChain(prompt.chain, echo),
        reasoning: message.reasoning_content,
      },
    };
  } catch (thrown) {
    if (!(thrown instanceof EngineAnswerError)) throw thrown;
    call.note("no-token-ids");
    return null;
  }
}
