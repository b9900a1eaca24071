import { z } from "zod";
import { isGenerationRequest, type Hop } from "../../workload/exchange.ts";
import { kindOfIncomplete } from "../../answer/complete.ts";
import { cameAtOnce } from "../../load/latency.ts";
import { momentsOf } from "../../evidence/request-latencies.ts";
import { arrivedWhole, isAnswered, type TapTiming } from "../../evidence/tap-timing.ts";

/** Token counts that the answers themselves reported, summed over one hop. */
export const tokenSumsSchema = z.object({
  requests: z.number().int(),
  answered: z.number().int(),
  /** Answers that came whole with status 200 and are not complete, by kind; absent where there are none. */
  incomplete: z.record(z.string(), z.number().int()).optional(),
  /** Answers that report counts that cannot be, and the first of them; absent where there are none. */
  impossibleUsage: z.object({ count: z.number().int(), first: z.string() }).optional(),
  /** Streamed answers whose tokens all came in one chunk: they have no ITL. Absent where there are none. */
  cameAtOnce: z.number().int().optional(),
  /** Completion tokens of streamed answers over the chunks that brought them; absent where none tells both. */
  tokensPerChunk: z.number().optional(),
  /** Answered without usage: with one of these the sums are too small, and they are null. */
  withoutUsage: z.number().int(),
  /** Of the answers with usage, those that did not say how many tokens were cached. */
  withoutCachedTokens: z.number().int(),
  promptTokens: z.number().nullable(),
  completionTokens: z.number().nullable(),
  cachedTokens: z.number().nullable(),
  /** Sums over the answers that did report, however many did not. */
  reported: z.object({ promptTokens: z.number(), completionTokens: z.number(), cachedTokens: z.number() }),
});
export type TokenSums = z.infer<typeof tokenSumsSchema>;

/** Sums over the generation requests of one hop. */
export function tokenSums(timings: readonly TapTiming[], hop: Hop): TokenSums {
  const requests = timings.filter((timing) => timing.hop === hop && isGenerationRequest(timing));
  const answered = requests.filter(isAnswered);
  const incomplete = requests.filter((timing) => arrivedWhole(timing) && !isAnswered(timing));
  const withoutUsage = answered.filter(({ usage }) => usage === null).length;
  // An engine counts the tokens of a generation that it gave up, and may report them.
  const usages = [...answered, ...incomplete].flatMap(({ usage }) => usage ?? []);
  const complete = withoutUsage === 0;
  const withoutCachedTokens = usages.filter(({ cachedTokens }) => cachedTokens === null).length;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const reported = {
    promptTokens: sum(usages.map(({ promptTokens }) => promptTokens)),
    completionTokens: sum(usages.map(({ completionTokens }) => completionTokens)),
    cachedTokens: sum(usages.map(({ cachedTokens }) => cachedTokens ?? 0)),
  };
  return {
    requests: requests.length,
    answered: answered.length,
    ...(incomplete.length > 0 && { incomplete: kindsOf(incomplete) }),
    ...impossibleIn(requests),
    ...chunksOf(answered),
    withoutUsage,
    withoutCachedTokens,
    promptTokens: complete ? reported.promptTokens : null,
    completionTokens: complete ? reported.completionTokens : null,
    cachedTokens: complete && withoutCachedTokens === 0 ? reported.cachedTokens : null,
    reported,
  };
}

function impossibleIn(requests: readonly TapTiming[]): Pick<TokenSums, "impossibleUsage"> {
  const reports = requests.flatMap(({ impossibleUsage }) => impossibleUsage ?? []);
  const [first] = reports;
  return first === undefined ? {} : { impossibleUsage: { count: reports.length, first } };
}

function chunksOf(answered: readonly TapTiming[]): Pick<TokenSums, "cameAtOnce" | "tokensPerChunk"> {
  const atOnce = answered.filter((timing) => cameAtOnce(momentsOf(timing))).length;
  const told = answered.flatMap(({ usage, tokenChunks }) =>
    usage === null || tokenChunks === undefined ? [] : [{ tokens: usage.completionTokens, tokenChunks }],
  );
  const chunks = told.reduce((sum, { tokenChunks }) => sum + tokenChunks, 0);
  const tokens = told.reduce((sum, one) => sum + one.tokens, 0);
  return {
    ...(atOnce > 0 && { cameAtOnce: atOnce }),
    ...(chunks > 0 && { tokensPerChunk: tokens / chunks }),
  };
}

function kindsOf(incomplete: readonly TapTiming[]): Record<string, number> {
  const groups = Map.groupBy(incomplete, ({ incomplete: why }) => kindOfIncomplete(why ?? ""));
  return Object.fromEntries([...groups].map(([kind, members]) => [kind, members.length]));
}

/** What attempts cost that gave no result: requests of attempts that no record names (kill -9, cancelled). */
export const wasteSchema = z.object({
  attempts: z.number().int(),
  requests: z.number().int(),
  /** Of the answers that reported usage. */
  promptTokens: z.number(),
  completionTokens: z.number(),
});
export type Waste = z.infer<typeof wasteSchema>;

/** `finished`: attempt keys that have a record. Requests without an attempt (warm-up, health checks) are not waste. */
export function wasteOf(timings: readonly TapTiming[], finished: ReadonlySet<string>): Waste {
  const lost = timings.filter(
    (timing) =>
      timing.hop === "outer" &&
      isGenerationRequest(timing) &&
      timing.attemptKey !== null &&
      !finished.has(timing.attemptKey),
  );
  return {
    attempts: new Set(lost.map(({ attemptKey }) => attemptKey)).size,
    requests: lost.length,
    promptTokens: lost.reduce((sum, { usage }) => sum + (usage?.promptTokens ?? 0), 0),
    completionTokens: lost.reduce((sum, { usage }) => sum + (usage?.completionTokens ?? 0), 0),
  };
}
