import { z } from "zod";
import type { ParserDialect } from "../parsing/sglang-qwen25-parser.ts";
import type { EngineProbe } from "./engine-probe.ts";

const parsedSchema = z.object({ normal_text: z.string(), calls: z.array(z.unknown()) });

const broken = 'I look. <tool_call>\n{"name": "find", "arguments": {"place": }}\n</tool_call>';
const tools = [{ type: "function", function: { name: "find", parameters: { type: "object" } } }];

export interface LearnedParser {
  readonly dialect: ParserDialect;
  /** What it was learned from, in words. */
  readonly detail: string;
}

/**
 * Learns how the engine reads calls that its model broke: of a whole answer 0.5.10 keeps the text of such a call, later
 * versions do not, and their streams differ as well. An engine that has no `/parse_function_call` is taken for the version
 * whose form of tools it has.
 */
export async function learnParser(probe: EngineProbe, toolForm: string): Promise<LearnedParser> {
  const { status, json } = await probe.post("/parse_function_call", {
    text: broken,
    tools,
    tool_call_parser: "qwen25",
  });
  const read = status === 200 ? parsedSchema.safeParse(json).data : undefined;
  if (read?.calls.length === 0 && (read.normal_text === broken || read.normal_text === "I look."))
    return {
      dialect: read.normal_text === broken ? "sglang-0.5.10" : "sglang-0.5.23",
      detail: "learned from /parse_function_call",
    };
  return {
    dialect: toolForm === "sglang-0.5.10" ? "sglang-0.5.10" : "sglang-0.5.23",
    detail: "taken from the form of tools: the engine does not say how it reads a call",
  };
}
