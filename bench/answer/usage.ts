import type { Answer, TokenUsage } from "./answer.ts";
import { isJson, isSaid, shown, type Fields } from "./json.ts";

/** More than any model can be given or write in one request. */
const countMax = 1e9;

/** The usage of one answer, whichever of its events report it, in whatever parts and however often. */
export class UsageReports {
  #promptTokens: number | null = null;
  #completionTokens: number | null = null;
  /** The report that told how many tokens were cached, and for which prompt, where it said that. */
  #cached: { readonly count: number; readonly ofPrompt: number | null; readonly report: unknown } | null =
    null;
  /** The first report that cannot be. */
  #impossible: string | null = null;
  /** The first report without one of the two counts. */
  #part: string | null = null;

  /** Something was reported, be it wrong. */
  get isReported(): boolean {
    return [this.#promptTokens, this.#completionTokens, this.#cached, this.#impossible, this.#part].some(
      (known) => known !== null,
    );
  }

  add(value: unknown): void {
    // Nothing in it, or only fields without a value: nothing is reported.
    if (!isSaid(value) || (isJson(value) && !Object.values(value).some(isSaid))) return;
    const counts = isJson(value) ? countsIn(value) : null;
    if (counts === null) this.#refuse(value);
    else {
      const { promptTokens, completionTokens } = counts;
      if (promptTokens === null || completionTokens === null) this.#part ??= shown(value);
      this.#take(counts, value);
    }
  }

  /** What is known when nothing more comes. Counts that what was said contradicts are withdrawn. */
  read(said: Pick<Answer, "text" | "reasoning" | "calls" | "tokenEvents">): {
    readonly usage: TokenUsage | null;
    readonly impossible: string | null;
  } {
    const [promptTokens, completionTokens] = [this.#promptTokens, this.#completionTokens];
    if (promptTokens === null || completionTokens === null)
      return { usage: null, impossible: this.#impossible ?? this.#part };
    const tooFew = tooFewFor(said, completionTokens);
    if (tooFew !== null) return { usage: null, impossible: this.#impossible ?? tooFew };
    const { count, ofPrompt, report } = this.#cached ?? { count: null, ofPrompt: null, report: null };
    if (count !== null && count > promptTokens) this.#refuse(report);
    const isOfPrompt = count !== null && count <= promptTokens && (ofPrompt ?? promptTokens) === promptTokens;
    const usage = { promptTokens, completionTokens, cachedTokens: isOfPrompt ? count : null };
    return { usage, impossible: this.#impossible };
  }

  /** Counts go up while an answer is generated: zeros that a gateway made up never replace what the engine said. */
  #take({ promptTokens, completionTokens, cached }: Counts, report: unknown): void {
    const isOlder = completionTokens !== null && completionTokens < (this.#completionTokens ?? 0);
    const bringsPrompt = completionTokens === 0 && (this.#promptTokens ?? 0) === 0;
    if (isOlder && !bringsPrompt) return;
    this.#promptTokens = promptTokens || (this.#promptTokens ?? promptTokens);
    this.#completionTokens = isOlder ? this.#completionTokens : (completionTokens ?? this.#completionTokens);
    if (cached === null) return;
    const count = countOf(cached);
    if (count === null) this.#refuse(report);
    else this.#cached = { count, ofPrompt: promptTokens, report };
  }

  #refuse(value: unknown): void {
    this.#impossible ??= shown(value);
  }
}

interface Counts {
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  /** As it was sent. */
  readonly cached: unknown;
}

/** null where one of the two is there and is no count. */
function countsIn(usage: Fields): Counts | null {
  const prompt = usage["prompt_tokens"] ?? usage["input_tokens"] ?? null;
  const completion = usage["completion_tokens"] ?? usage["output_tokens"] ?? null;
  const [promptTokens, completionTokens] = [countOf(prompt), countOf(completion)];
  const isWrong =
    (prompt !== null && promptTokens === null) || (completion !== null && completionTokens === null);
  return isWrong ? null : { promptTokens, completionTokens, cached: cachedIn(usage) };
}

/** What contradicts the count, in words; null where nothing does. */
function tooFewFor(
  { text, reasoning, calls, tokenEvents }: Pick<Answer, "text" | "reasoning" | "calls" | "tokenEvents">,
  completionTokens: number,
): string | null {
  const said =
    text.length +
    reasoning.length +
    calls.reduce((sum, call) => sum + call.name.length + call.argumentsText.length, 0);
  const isTooFew =
    completionTokens === 0
      ? said > 0
      : tokenEvents > completionTokens && said > charactersPerToken * completionTokens;
  return isTooFew ? `${completionTokens} completion tokens for ${said} characters` : null;
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
