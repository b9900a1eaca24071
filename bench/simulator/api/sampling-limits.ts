import { z } from "zod";
import type { EngineCore } from "../engine/engine.ts";
import { pythonFloat } from "../model/python-text.ts";
import { ApiError } from "./http.ts";

/** Numbers may come as text, as pydantic reads them. */
const number = z.preprocess(readNumber, z.number().nullish()).optional();
const whole = z.preprocess(readNumber, z.number().int().nullish()).optional();
const flag = z.boolean().nullish();

/** Numbers of the sampling parameters that SGLang checks, under the names that both endpoints give them. */
export const sampledNumbers = {
  temperature: number,
  top_p: number,
  min_p: number,
  top_k: whole,
  frequency_penalty: number,
  presence_penalty: number,
  repetition_penalty: number,
};
const sampledSchema = z.object({ ...sampledNumbers, max_new_tokens: z.number().nullish() });
type Sampled = z.infer<typeof sampledSchema>;

/** `sampling_params` of `/generate`; names that no version knows are found by `unknownParameter`. */
export const samplingSchema = z.looseObject({
  ...sampledNumbers,
  max_new_tokens: z.number().int().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  stop_token_ids: z.array(z.number().int()).nullish(),
  ignore_eos: flag,
  n: z.number().int().nullish(),
  sampling_seed: z.number().int().nullish(),
});

function readNumber(value: unknown): unknown {
  return typeof value === "string" && /^[+-]?[\d.]+$/.test(value) ? Number(value) : value;
}

/** In the order in which 0.5.23 names them. */
const known =
  "max_new_tokens stop stop_token_ids stop_regex temperature top_p top_k min_p frequency_penalty presence_penalty repetition_penalty min_new_tokens n json_schema regex ebnf structural_tag ignore_eos skip_special_tokens spaces_between_special_tokens no_stop_trim stream_interval logit_bias sampling_seed custom_params beam_width watermark choice".split(
    " ",
  );

/** What 0.5.23 says of a parameter that it does not know; null when all are known. */
export function unknownParameter(sampling: Readonly<Record<string, unknown>>): string | null {
  const name = Object.keys(sampling).find((key) => !known.includes(key));
  if (name === undefined) return null;
  return `unknown field \`${name}\`, expected one of ${known.map((one) => `\`${one}\``).join(", ")}`;
}

interface Rule {
  readonly field: keyof Sampled;
  readonly holds: (value: number) => boolean;
  readonly says: string;
}

const penalty = (field: "frequency_penalty" | "presence_penalty"): Rule => ({
  field,
  holds: (value) => value >= -2 && value <= 2,
  says: `${field} must be in [-2, 2]`,
});

function rulesOf({ sglang }: EngineCore): readonly Rule[] {
  return [
    {
      field: "temperature",
      holds: (value) => value >= 0,
      says: sglang.refusesUnknownSampling
        ? "temperature must be a non-negative finite number"
        : "temperature must be non-negative",
    },
    { field: "top_p", holds: (value) => value > 0 && value <= 1, says: "top_p must be in (0, 1]" },
    { field: "min_p", holds: (value) => value >= 0 && value <= 1, says: "min_p must be in [0, 1]" },
    {
      field: "top_k",
      holds: (value) => value === -1 || value >= 1,
      says: "top_k must be -1 (disable) or at least 1",
    },
    penalty("frequency_penalty"),
    penalty("presence_penalty"),
    sglang.refusesUnknownSampling
      ? {
          field: "repetition_penalty",
          holds: (value) => value > 0 && value <= 2,
          says: "repetition_penalty must be in (0, 2] (1.0 = no penalty)",
        }
      : {
          field: "repetition_penalty",
          holds: (value) => value >= 0 && value <= 2,
          says: "repetition_penalty must be in [0, 2]",
        },
    { field: "max_new_tokens", holds: (value) => value >= 0, says: "max_new_tokens must be at least 0" },
  ];
}

const wholeNumbers: readonly string[] = ["top_k", "max_new_tokens"];

/** @throws ApiError 400 in the words of SGLang's `SamplingParams.verify` */
export function checkSampling(sampled: Sampled, engine: EngineCore): void {
  for (const { field, holds, says } of rulesOf(engine)) {
    const value = sampled[field];
    if (value == null || holds(value)) continue;
    const shown = wholeNumbers.includes(field) ? String(value) : pythonFloat(value);
    throw new ApiError(400, `${says}, got ${shown}.`);
  }
}
