import { changeFinding } from "../tables/comparison-document.ts";
import type { Tone } from "./styled-text.ts";

/** More of what is wanted is good, more of what costs is bad; of the rest, and of what may be chance, it is not known. */
export function toneOfChange(of: Parameters<typeof changeFinding>[0] & { readonly quantity: string }): Tone {
  const finding = changeFinding(of);
  if (finding !== "more" && finding !== "less") return "doubt";
  const more = finding === "more";
  if (/^(reward|episodes_per|requests_per|output_tokens_per|pass|score_)/.test(of.quantity))
    return more ? "good" : "bad";
  return /^(ttft|itl|e2e|episode_s)/.test(of.quantity) ? (more ? "bad" : "good") : "doubt";
}
