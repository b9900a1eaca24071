import { EventSplitter } from "../../answer/event-splitter.ts";
import { parsed } from "../../answer/json.ts";
import { readAnswer } from "../../answer/read-answer.ts";
import { StartError } from "../../errors.ts";
import { EngineTokenReader } from "../engine/engine-tokens.ts";
import { weightVersion } from "../engine/weight-spans.ts";
import type { EngineProbe, ProbeAnswer } from "./engine-probe.ts";

export type RequestFields = Readonly<Record<string, unknown>>;

/** What L1 adds to a request so that the answer tells its tokens, without streaming. */
export const wholeFields: RequestFields = {
  stream: false,
  stream_options: null,
  logprobs: true,
  return_prompt_token_ids: true,
  return_token_ids: true,
  return_meta_info: true,
};

/** Ways in which engines give them while they stream. */
const streamedFields = [
  { name: "return_token_ids", fields: { logprobs: true, return_token_ids: true }, atEnd: false },
  {
    name: "return_output_ids_in_sglext",
    fields: { logprobs: true, return_input_ids_in_sglext: true, return_output_ids_in_sglext: true },
    atEnd: true,
  },
] as const;

/** How an engine gives token ids. */
export interface LearnedTokenFields {
  /** What to ask with where a client streams; null: it gives them to whole answers only. */
  readonly streamed: RequestFields | null;
  readonly detail: string;
}

const question = { messages: [{ role: "user", content: "Count from one to nine." }], max_tokens: 4 };

/**
 * Learns whether the engine's chat API gives token ids, and whether also in streams. Engines that do not know the fields
 * ignore them, and what looks like a recording would hold text only.
 * @throws {StartError} where it gives none
 */
export async function learnTokenFields(probe: EngineProbe): Promise<LearnedTokenFields> {
  const whole = await probe.chat({ ...question, ...wholeFields });
  const reader = new EngineTokenReader();
  reader.add(whole.json);
  const tokens = whole.status === 200 ? reader.tokens() : null;
  if (tokens === null) throw noTokens(probe, whole, reader);
  const problems: string[] = [];
  for (const way of streamedFields) {
    // Only whole answers of SGLang tell the version of the weights, which trainers that count them need.
    if (way.atEnd && weightVersion(tokens.weights) !== null) continue;
    const problem = await streamProblem(probe, way);
    if (problem === null)
      return {
        streamed: way.fields,
        detail: `token ids come in whole answers and, with ${way.name}, in streams`,
      };
    problems.push(problem);
  }
  return {
    streamed: null,
    detail: `token ids come in whole answers only, so streams are made of those (${problems.join("; ") || "in streams it does not tell the version of its weights"})`,
  };
}

function noTokens(
  probe: EngineProbe,
  { status, refusal }: ProbeAnswer,
  reader: EngineTokenReader,
): StartError {
  const said = status === 200 ? `it ignores return_token_ids: its answer has ${reader.missing}` : refusal;
  return new StartError(
    "gateway",
    `Level L1 records the token ids that the engine's chat API gives, and the engine at ${probe.engine.url} gives none: ${said}. Level L2 gets them from SGLang's /generate (SGLang 0.5.10 has no other way), level L0 records text.`,
  );
}

/** null where a stream gives all tokens of its answer. */
async function streamProblem(
  probe: EngineProbe,
  { name, fields, atEnd }: (typeof streamedFields)[number],
): Promise<string | null> {
  // Where ids come at the end, an answer that the model itself ends shows whether its last, invisible token is among them.
  const ownEnd = atEnd ? { regex: "ok", max_tokens: 16 } : {};
  const answer = await probe.chat({ ...question, stream: true, ...ownEnd, ...fields });
  if (answer.status !== 200) return answer.refusal;
  const reader = new EngineTokenReader();
  const splitter = new EventSplitter({ event: ({ data }) => reader.add(parsed(data)) });
  splitter.push(Buffer.from(answer.text));
  splitter.end();
  if (reader.tokens() === null) return `a stream with ${name} has ${reader.missing || "no tokens"}`;
  const { finish } = readAnswer(answer.text);
  return atEnd && finish !== "stop" ? `a stream with ${name} ended with ${finish ?? "nothing"}` : null;
}
