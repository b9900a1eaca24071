import { readFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { readBodies } from "../../../bench/tap/read-bodies.ts";
import type { ExchangeTiming } from "../../../bench/workload/exchange.ts";
import { recordedEpisodeSchema, type RecordedCall } from "../../../bench/workload/recorded-episode.ts";

/** A mean time of the same requests at the inner tap and by the engine's own count, both in milliseconds. */
export interface MeanTime {
  readonly what: "TTFT" | "ITL" | "E2E";
  readonly tapMs: number;
  readonly engineMs: number;
  /** How many times both means are of: requests, or for ITL the pauses between tokens. */
  readonly counts: readonly [tap: number, engine: number];
}

/** What an engine's histograms are called. */
export type HistogramNames = Readonly<Record<MeanTime["what"], string>>;

/** Requests for answers that reached the engine. */
export function innerRequests(segment: string): ExchangeTiming[] {
  const lines = readFileSync(join(segment, "taps.ndjson"), "utf8").trimEnd().split("\n");
  return lines
    .map((line) => JSON.parse(line) as ExchangeTiming)
    .filter(({ hop, method }) => hop === "inner" && method === "POST");
}

/**
 * The first piece of a chat stream's body comes with the first token (the role), also where the engine's parser of tool
 * calls then holds text back. `/generate` sends text.
 */
export function meanTimes(segment: string, names: HistogramNames): MeanTime[] {
  const requests = innerRequests(segment);
  const streamed = requests.filter(({ streamed }) => streamed);
  const firstNs = ({ startedNs, chunks }: ExchangeTiming) => startedNs + (chunks[0]?.[0] ?? Number.NaN);
  const moved = movedSums(segment);
  const time = (what: MeanTime["what"], values: readonly number[], count: number): MeanTime => {
    const { sum, count: counted } = moved(names[what]);
    const total = values.reduce((before, value) => before + value, 0);
    return { what, tapMs: total / count / 1e6, engineMs: (sum / counted) * 1000, counts: [count, counted] };
  };
  const pauses = streamed.reduce((sum, { usage }) => sum + (usage?.completionTokens ?? 1) - 1, 0);
  return [
    time(
      "E2E",
      requests.map(({ startedNs, endedNs }) => endedNs - startedNs),
      requests.length,
    ),
    ...(streamed.length < requests.length
      ? []
      : [
          time(
            "TTFT",
            streamed.map((line) => firstNs(line) - line.startedNs),
            streamed.length,
          ),
          time(
            "ITL",
            streamed.map((line) => line.endedNs - firstNs(line)),
            pauses,
          ),
        ]),
  ];
}

/** How far a histogram's sum and count moved between the two pages around a segment. */
function movedSums(segment: string) {
  const total = (when: string, series: string) =>
    readFileSync(join(segment, `agent-${when}.prom`), "utf8")
      .split("\n")
      .filter((line) => line.startsWith(`${series}{`) || line.startsWith(`${series} `))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  const moved = (series: string) => total("after", series) - total("before", series);
  return (name: string) => ({ sum: moved(`${name}_sum`), count: moved(`${name}_count`) });
}

/** The seconds that a counter of the engine moved around a segment. */
export function movedSeconds(segment: string, counter: string): number {
  const at = (when: string) =>
    Number(
      new RegExp(`^${counter} (.+)$`, "m").exec(
        readFileSync(join(segment, `agent-${when}.prom`), "utf8"),
      )?.[1],
    );
  return at("after") - at("before");
}

/** What a run's gateways recorded, by the id of the request. */
export function recordedCalls(runDirectory: string): ReadonlyMap<string, RecordedCall> {
  const text = zstdDecompressSync(readFileSync(join(runDirectory, "tokens.jsonl.zst"))).toString("utf8");
  const episodes = text
    .trimEnd()
    .split("\n")
    .map((line) => recordedEpisodeSchema.parse(JSON.parse(line)));
  return new Map(
    episodes.flatMap(({ calls }) =>
      calls.flatMap((call) => (call.requestId === null ? [] : [[call.requestId, call] as const])),
    ),
  );
}

interface EngineTokens {
  readonly ids: readonly number[];
  readonly logprobs: readonly number[];
}

/** Ids and logprobs of the answers as the engine sent them, by the id of the request. */
export async function engineTokens(segment: string): Promise<ReadonlyMap<string, EngineTokens>> {
  const found = new Map<string, EngineTokens>();
  for await (const { hop, requestId, responseBody } of readBodies(segment))
    if (hop === "inner") found.set(requestId, tokensOf(responseBody));
  return found;
}

interface MetaInfo {
  readonly output_token_logprobs?: readonly (readonly [number, number, ...unknown[]])[];
}

interface AnswerPart {
  readonly meta_info?: MetaInfo;
  readonly sglext?: { readonly output_ids?: readonly (readonly number[])[] } | null;
  readonly choices?: readonly {
    readonly meta_info?: MetaInfo | null;
    readonly token_ids?: readonly number[] | null;
    readonly logprobs?: { readonly content?: readonly { readonly logprob: number }[] | null } | null;
  }[];
}

/**
 * SGLang has a list of `[logprob, id]`, in each event all so far, or in chat streams logprobs in each event and all ids at the
 * end; vLLM ids and logprobs apart, in each event the new ones.
 */
function tokensOf(body: string): EngineTokens {
  const events = body.startsWith("data:")
    ? body
        .split("\n")
        .filter((line) => line.startsWith("data: {"))
        .map((line) => line.slice(6))
    : [body];
  const parts = events.map((text) => JSON.parse(text) as AnswerPart);
  const last = parts.findLast(({ meta_info, choices }) => meta_info ?? choices?.[0]?.meta_info);
  const pairs = (last?.meta_info ?? last?.choices?.[0]?.meta_info)?.output_token_logprobs;
  if (pairs !== undefined)
    return { ids: pairs.map(([, id]) => id), logprobs: pairs.map(([logprob]) => logprob) };
  const choices = parts.flatMap(({ choices: [choice] = [] }) => choice ?? []);
  const atTheEnd = parts.findLast(({ sglext }) => sglext?.output_ids !== undefined)?.sglext?.output_ids?.[0];
  return {
    ids: atTheEnd ?? choices.flatMap(({ token_ids }) => token_ids ?? []),
    logprobs: choices.flatMap(({ logprobs }) => logprobs?.content ?? []).map(({ logprob }) => logprob),
  };
}
