import type { Place } from "./difference.ts";
import { isObject } from "./json-comparison.ts";

/** Members of a chat request that say nothing when they have this value: the engine takes it when they are absent. */
const defaults: ReadonlyMap<string, readonly unknown[]> = new Map<string, readonly unknown[]>([
  ["n", [1]],
  ["best_of", [1]],
  ["stream", [false]],
  ["logprobs", [false]],
  ["echo", [false]],
  ["store", [false]],
  ["use_beam_search", [false]],
  ["parallel_tool_calls", [true]],
  ["presence_penalty", [0]],
  ["frequency_penalty", [0]],
  ["min_tokens", [0]],
  // SGLang's own, which its router writes out.
  ["separate_reasoning", [true]],
  ["stream_reasoning", [true]],
  ["skip_special_tokens", [true]],
  ["spaces_between_special_tokens", [true]],
  ["no_stop_trim", [false]],
  ["ignore_eos", [false]],
  ["continue_final_message", [false]],
  ["add_generation_prompt", [true]],
  ["return_hidden_states", [false]],
  ["tools.function.strict", [false]],
  ["tools.type", ["function"]],
  ["messages.tool_calls.type", ["function"]],
  ["response_format.type", ["text"]],
]);
/** Members that say nothing when they are empty. */
const emptyIsAbsent = new Set([
  "stop",
  "stop_token_ids",
  "logit_bias",
  "tools",
  "functions",
  "messages.tool_calls",
  "chat_template_kwargs",
  "metadata",
]);

/** What servers treat alike in a chat request: the name of the form, or null. */
export function alikeInChat(place: Place, sent: unknown, received: unknown): string | null {
  const name = nameOf(place);
  const [present, absent] = sent === undefined || sent === null ? [received, sent] : [sent, received];
  if (absent == null) {
    if (defaults.get(name)?.includes(present)) return `default of ${name} written out or left out`;
    if (emptyIsAbsent.has(name) && isEmpty(present)) return `empty ${name} written out or left out`;
    if (name === "response_format" && isObject(present) && present["type"] === "text")
      return "default of response_format written out or left out";
    // A call's place in its list, which streams need and requests do not.
    if (name === "messages.tool_calls.index" && present === place.at(-2)) return "index beside tool calls";
    if (name === "messages.content" && present === "") return "empty content as null, text or absent";
  }
  if (name === "stop" && sameStop(sent, received)) return "stop as text or list";
  if (name === "messages.content" && sameParts(sent, received)) return "content as text or parts";
  return null;
}

/** `messages.tool_calls.type`: a place without positions. */
export function nameOf(place: Place): string {
  return place.filter((part) => typeof part === "string").join(".");
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

function sameStop(a: unknown, b: unknown): boolean {
  const list = (value: unknown) => (typeof value === "string" ? [value] : value);
  return (
    (typeof a === "string" || typeof b === "string") && JSON.stringify(list(a)) === JSON.stringify(list(b))
  );
}

function sameParts(a: unknown, b: unknown): boolean {
  const [text, parts] = typeof a === "string" ? [a, b] : [b, a];
  if (typeof text !== "string" || !Array.isArray(parts) || parts.length !== 1) return false;
  const [part] = parts as readonly unknown[];
  return isObject(part) && part["type"] === "text" && part["text"] === text;
}
