import type { Comparison, Place } from "./difference.ts";
import { isObject, JsonComparison, type Members } from "./json-comparison.ts";

/** Chat parameters by the names that SGLang's `/generate` gives them. */
const generateNames: Readonly<Record<string, string>> = {
  seed: "sampling_seed",
  min_tokens: "min_new_tokens",
};
/** Of the sampling of a chat request, what `/generate` takes. A list of its own: the gateway's is what is held against it. */
const sampling = [
  "temperature",
  "top_p",
  "top_k",
  "min_p",
  "frequency_penalty",
  "presence_penalty",
  "repetition_penalty",
  "stop",
  "stop_token_ids",
  "ignore_eos",
  "no_stop_trim",
  "logit_bias",
  "regex",
  "ebnf",
  "n",
  "seed",
  "min_tokens",
];
const defaults: Readonly<Record<string, unknown>> = {
  n: 1,
  frequency_penalty: 0,
  presence_penalty: 0,
  ignore_eos: false,
  no_stop_trim: false,
  min_tokens: 0,
};

/**
 * Compares what can be compared of a chat request with SGLang's `/generate`, for which a gateway renders the messages
 * itself: sampling and the limit. What is only in `/generate` comes from the model's own defaults, as the engine's chat
 * API takes them.
 */
export function compareGenerate(sent: Members, received: Members): Comparison {
  const parameters = isObject(received["sampling_params"]) ? received["sampling_params"] : {};
  const comparison = new JsonComparison(alike, () => false);
  for (const name of sampling) {
    if (sent[name] == null) continue;
    comparison.compare([name], sent[name], parameters[generateNames[name] ?? name]);
  }
  const limit = sent["max_completion_tokens"] ?? sent["max_tokens"];
  if (limit != null) comparison.compare(["max_tokens"], limit, parameters["max_new_tokens"]);
  const rendered = "messages and tools: the gateway renders them and sends the engine token ids or text";
  return {
    differences: comparison.differences,
    forms: ["chat rendered to /generate", ...comparison.forms],
    unknown: [rendered],
  };
}

function alike([name]: Place, sent: unknown, received: unknown): string | null {
  if (typeof name !== "string") return null;
  if (received == null && (Object.is(defaults[name], sent) || isEmptyList(sent)))
    return `default of ${name} left out`;
  if (name === "stop" && JSON.stringify([sent].flat()) === JSON.stringify([received].flat()))
    return "stop as text or list";
  return null;
}

const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0;
