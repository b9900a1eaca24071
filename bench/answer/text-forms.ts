import type { Draft } from "./draft.ts";
import { isJson, type Fields } from "./json.ts";

/** A text that the model wrote, in whatever field: a string, or parts of it. False: a form that is not known. */
export function addText(draft: Draft, value: unknown): boolean {
  return add("text", draft, value);
}

export function addReasoning(draft: Draft, value: unknown): boolean {
  return add("reasoning", draft, value);
}

type Said = "text" | "reasoning";

/** Parts hold lists of parts, as Mistral's thinking does; deeper than this nobody goes. */
const depthMax = 6;

/** A list is taken part by part; a part says by its type whether it is reasoning. */
function add(...[said, draft, value, depth = 0]: [Said, Draft, unknown, number?]): boolean {
  if (value == null) return true;
  if (Array.isArray(value) && depth < depthMax)
    return value.map((part) => add(said, draft, part, depth + 1)).every(Boolean);
  if (isJson(value) && depth < depthMax) return addPart(said, draft, value, depth + 1);
  if (typeof value !== "string") return false;
  draft[said] += value;
  draft.carriesTokens ||= value !== "";
  return true;
}

/** What a part holds its words in. */
const wordFields = [
  "text",
  "content",
  "thinking",
  "reasoning",
  "reasoning_content",
  "summary",
  "refusal",
  "output_text",
];
/** Parts without words of the model: what it cites, signs or keeps to itself. */
const wordless = /reference|citation|annotation|encrypted|redacted|signature/i;

function addPart(...[said, draft, part, depth]: [Said, Draft, Fields, number]): boolean {
  const type = typeof part["type"] === "string" ? part["type"] : "";
  if (Object.keys(part).length === 0) return true;
  const field = wordFields.find((name) => part[name] != null);
  if (field === undefined) return wordless.test(type) || "signature" in part;
  const isThought =
    /thinking|reasoning|thought|analysis/i.test(`${type} ${field}`) || part["thought"] === true;
  return add(isThought ? "reasoning" : said, draft, part[field], depth);
}
