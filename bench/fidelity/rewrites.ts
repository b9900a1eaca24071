import type { ArmSpec } from "../config/arm-schema.ts";
import type { Place } from "./difference.ts";

/** What has to be known of an arm to compare its two sides. */
export interface ArmToCompare {
  readonly name: string;
  /** False where no tap stands in front of the engine. */
  readonly innerTapped: boolean;
  /** Places that it rewrites by design. */
  readonly rewrites: readonly string[];
}

export function armToCompare(arm: { readonly spec: ArmSpec; readonly innerTapped: boolean }): ArmToCompare {
  const { spec, innerTapped } = arm;
  return { name: spec.name, innerTapped, rewrites: rewritesOf(spec) };
}

/** What a recording gateway asks the engine for beyond the agent's request, so that it gets token ids. */
const tokenIds = [
  "stream",
  "stream_options",
  "logprobs",
  "return_prompt_token_ids",
  "return_token_ids",
  "return_meta_info",
  "return_input_ids_in_sglext",
  "return_output_ids_in_sglext",
];

/** What kinds of arm that Tollgate knows rewrite by design. */
function builtIn(spec: ArmSpec): readonly string[] {
  if (spec.kind === "gateway" && spec.level === "L1") return tokenIds;
  // AReaL's data proxy renders for /generate, passes on of sampling only what its own engine interface has, and calls its model None.
  if (spec.kind === "areal")
    return [
      ...tokenIds,
      "answer.model",
      "seed",
      "top_k",
      "min_p",
      "presence_penalty",
      "repetition_penalty",
      "logit_bias",
    ];
  return [];
}

/** The rewriting that is declared for an arm: by its kind, and by the experiment. */
export function rewritesOf(spec: ArmSpec): readonly string[] {
  return [...builtIn(spec), ...(spec.rewrites ?? [])];
}

/**
 * Whether one of the patterns covers a place: that place itself and everything below it. Positions in lists may be left
 * out or be `*`, and `function` below tools, too: `tools.strict` is `tools[*].function.strict`.
 */
export function isDeclared(place: Place, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    covers(
      partsOf(pattern),
      place.filter((part) => part !== "function"),
    ),
  );
}

function partsOf(pattern: string): readonly (string | number)[] {
  return pattern
    .split(/[.[\]]+/)
    .filter((part) => part !== "" && part !== "*" && part !== "function")
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

function covers(pattern: readonly (string | number)[], place: Place): boolean {
  let at = 0;
  for (const part of place) {
    if (at === pattern.length) return true;
    const wanted = pattern[at];
    if (part === wanted) at += 1;
    // A position that the pattern leaves out.
    else if (typeof part !== "number" || typeof wanted === "number") return false;
  }
  return at === pattern.length;
}
