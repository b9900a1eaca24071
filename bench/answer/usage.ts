import type { Answer, TokenUsage } from "./answer.ts";
import { isJson, shown, type Fields } from "./json.ts";

/** More than any model can be given or write in one request. */
const countMax = 1e9;

/** The usage of one answer, whichever of its events report it and however often. */
export class UsageReports {
  usage: TokenUsage | null = null;
  /** The first report that cannot be. */
  impossible: string | null = null;

  add(value: unknown): void {
    if (!isJson(value)) {
      this.#refuse(value);
      return;
    }
    const promptTokens = countOf(value["prompt_tokens"] ?? value["input_tokens"]);
    const completionTokens = countOf(value["completion_tokens"] ?? value["output_tokens"]);
    if (promptTokens === null || completionTokens === null) {
      if (!isEmpty(value)) this.#refuse(value);
      return;
    }
    const cached = cachedIn(value);
    const cachedTokens = cached === null ? null : countOf(cached);
    const isPossible = cachedTokens === null ? cached === null : cachedTokens <= promptTokens;
    if (!isPossible) this.#refuse(value);
    // Counts go up while an answer is generated: zeros that a gateway made up never replace what the engine said before.
    const last = this.usage;
    if (last !== null && completionTokens < last.completionTokens) return;
    if (last !== null && promptTokens === 0 && completionTokens === 0) return;
    this.usage = {
      promptTokens,
      completionTokens,
      cachedTokens: isPossible ? (cachedTokens ?? sameCached(last, promptTokens)) : null,
    };
  }

  /** Withdraws counts that what was said contradicts. */
  checkAgainst({
    text,
    reasoning,
    calls,
    tokenEvents,
  }: Pick<Answer, "text" | "reasoning" | "calls" | "tokenEvents">): void {
    if (this.usage === null) return;
    const { completionTokens } = this.usage;
    const said =
      text.length +
      reasoning.length +
      calls.reduce((sum, call) => sum + call.name.length + call.argumentsText.length, 0);
    const tooFew =
      completionTokens === 0
        ? said > 0
        : tokenEvents > completionTokens && said > charactersPerToken * completionTokens;
    if (!tooFew) return;
    this.usage = null;
    this.impossible ??= `${completionTokens} completion tokens for ${said} characters`;
  }

  #refuse(value: unknown): void {
    this.impossible ??= shown(value);
  }
}

/** So long is no token on the average of an answer; single ones are longer. */
const charactersPerToken = 16;

/** A whole number from 0 on; some gateways write it as a text. null for whatever else. */
function countOf(value: unknown): number | null {
  const count = typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : value;
  return typeof count === "number" && Number.isInteger(count) && count >= 0 && count <= countMax
    ? count
    : null;
}

/** Where servers say how many tokens of the prompt were cached. */
function cachedIn(usage: Fields): unknown {
  const details = usage["prompt_tokens_details"] ?? usage["input_tokens_details"];
  const detailed = isJson(details) ? details["cached_tokens"] : null;
  return (
    detailed ??
    usage["cached_tokens"] ??
    usage["prompt_cache_hit_tokens"] ??
    usage["cache_read_input_tokens"] ??
    null
  );
}

function sameCached(last: TokenUsage | null, promptTokens: number): number | null {
  return last?.promptTokens === promptTokens ? last.cachedTokens : null;
}

/** Nothing in it, or only fields without a value: nothing is reported. */
function isEmpty(usage: Fields): boolean {
  return Object.values(usage).every((value) => value === null);
}
