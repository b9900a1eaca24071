import { engineProfiles } from "./profiles/known-engines.ts";
import type { EngineProfile } from "./profiles/profile.ts";

/** Names that are listed in one sentence. */
const listedMax = 6;

/** `the page has no X; found Y`: the counter that is missing by its own name, and what else this engine prints. */
export function missingText(
  wanted: readonly string[],
  page: readonly string[],
  profile: EngineProfile,
): string {
  const own = [...new Set(page.filter((name) => name.startsWith(profile.prefix)))];
  const kin = own.toSorted((a, b) => likeness(b, wanted) - likeness(a, wanted));
  return `the page has no ${wanted.join(" or ")}; found ${listed(kin)}`;
}

/** Why a page belongs to no known engine, with what is on it. */
export function unknownPageText(page: readonly string[]): string {
  const known = engineProfiles.filter(({ prefix }) => page.some((name) => name.startsWith(prefix)));
  if (known.length > 1) {
    return `the page has metrics of several engines (${known.map(({ prefix }) => prefix).join(", ")}), which cannot be told apart`;
  }
  const prefixes = engineProfiles.map(({ prefix }) => prefix).join(", ");
  const groups = Map.groupBy(page, groupOf);
  const foreign = others.flatMap(([prefix, what]) => (groups.has(prefix) ? [what] : []));
  const hint = foreign.length === 0 ? "" : `: this is the page of ${foreign.join(" and ")}`;
  return `the page has none of the prefixes ${prefixes}; found ${listed([...groups.keys()])}${hint}`;
}

/** Pages that people take for an engine's. */
const others: readonly (readonly [string, string])[] = [
  ["smg_", "SGLang's router"],
  ["sgl_", "SGLang's router"],
  ["tgi_", "Text Generation Inference, which Tollgate does not know"],
  ["trtllm_", "TensorRT-LLM, which Tollgate does not know"],
  ["litellm_", "LiteLLM"],
  ["tollgate_", "Tollgate itself"],
];

/** `vllm:` of `vllm:x`, `tgi_` of `tgi_request_count`. */
function groupOf(name: string): string {
  return /^[^:_]*[:_]/.exec(name)?.[0] ?? name;
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const rest = names.length - listedMax;
  return `${names.slice(0, listedMax).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}

/** Words that two names share: `prompt_tokens_total` and `prompt_tokens_cached_total` share three. */
function likeness(name: string, wanted: readonly string[]): number {
  const words = new Set(wanted.flatMap((text) => text.split(/[:_]/)));
  return name.split(/[:_]/).filter((word) => words.has(word)).length;
}
