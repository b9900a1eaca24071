import type { ReasoningParserName, ToolCallParserName } from "../../config/recording-choices.ts";
import type { Message } from "../rendering/normalise-messages.ts";
import type { OutputParser } from "./output-piece.ts";
import { PlainParser } from "./plain-parser.ts";
import { Qwen25ToolParser } from "./qwen25-tool-parser.ts";
import { SglangQwen25Parser, type ParserDialect } from "./sglang-qwen25-parser.ts";
import { SglangQwen25Whole } from "./sglang-qwen25-whole.ts";
import { Qwen3CoderToolParser } from "./qwen3-coder-tool-parser.ts";
import { Qwen3ReasoningParser } from "./qwen3-reasoning-parser.ts";

export interface ParserChoice {
  readonly toolCalls: ToolCallParserName;
  readonly reasoning: ReasoningParserName;
}

interface AnswerRequest {
  readonly tools: readonly Message[];
  readonly reasoningOpened: boolean;
  /** The engine's own way to read calls; null: calls as the model wrote them. */
  readonly engine: { readonly dialect: ParserDialect; readonly streamed: boolean } | null;
}

/** A reader for one answer. Without tools in the request nothing is a tool call, as in SGLang. */
export function outputParser({ toolCalls, reasoning }: ParserChoice, request: AnswerRequest): OutputParser {
  const { tools, engine } = request;
  const calls: Readonly<Record<ToolCallParserName, () => OutputParser>> = {
    qwen25: () => {
      if (engine === null) return new Qwen25ToolParser();
      const { streamed, dialect } = engine;
      return streamed ? new SglangQwen25Parser(tools, dialect) : new SglangQwen25Whole(tools, dialect);
    },
    qwen3_coder: () => new Qwen3CoderToolParser(tools),
  };
  const parser = tools.length === 0 ? new PlainParser() : calls[toolCalls]();
  return reasoning === "none"
    ? parser
    : new Qwen3ReasoningParser(parser, { opened: request.reasoningOpened });
}
