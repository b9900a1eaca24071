import type { EpisodeRecord } from "../../store/record.ts";
import type { SeenCell } from "../evidence/cell-evidence.ts";
import type { JsonValue } from "../evidence/json-value.ts";
import type { WrittenOutcome, WrittenSample } from "../evidence/samples.ts";
import type { Seen } from "../evidence/taps.ts";
import { total } from "../numbers/samples.ts";
import { NotCovered, type Expected } from "./figure.ts";

interface Written {
  readonly samples: ReadonlyMap<string, WrittenSample>;
  readonly outcomes: ReadonlyMap<string, WrittenOutcome>;
}

/** What other files say of the episodes whose records count, and what the records say: a record is held against its sample, conversation and requests. */
export function recordFigures(
  cells: readonly SeenCell[],
  written: Written,
): { readonly expected: Expected; readonly said: JsonValue } {
  const seen = new Map(
    cells.flatMap((cell) => [
      ...Map.groupBy(
        cell.stretches.flatMap((one) =>
          one.seen.filter(({ hop, attemptKey }) => hop === "outer" && attemptKey !== null),
        ),
        ({ attemptKey }) => attemptKey ?? "",
      ),
    ]),
  );
  const episodes = cells.flatMap(({ facts }) => facts.episodes);
  return {
    expected: episodes.map((one) => expectedOf(one, { ...written, seen })),
    said: episodes.map(saidOf),
  };
}

function saidOf(record: EpisodeRecord): JsonValue {
  const { episodeId, domain, taskId, trial, seed, status } = record;
  const { termination, reward, startedNs, endedNs } = record;
  const { scores = null, requests, promptTokens, completionTokens, steps, toolCalls, toolErrors } = record;
  const times = { startedNs, endedNs };
  const counts = { steps, toolCalls, toolErrors };
  return {
    episodeId,
    domain,
    taskId,
    trial,
    seed,
    status,
    termination,
    reward,
    scores,
    requests,
    promptTokens,
    completionTokens,
    times,
    counts,
  };
}

const noOther = "no other file of the run says it";

function expectedOf(
  record: EpisodeRecord,
  { samples, outcomes, seen }: Written & { readonly seen: ReadonlyMap<string, readonly Seen[]> },
): Expected {
  const key = record.attemptKey ?? "";
  const [sample, outcome, requests] = [samples.get(key), outcomes.get(key), seen.get(key)];
  // A reward of a judge stands in judgements.jsonl alone.
  const judged = record.labels.includes("judged");
  const from = (value: Expected | undefined): Expected =>
    value === undefined ? new NotCovered(noOther) : value;
  return {
    episodeId: record.episodeId,
    domain: from(outcome?.domain),
    taskId: from(sample?.taskId ?? outcome?.taskId),
    trial: from(sample?.trial ?? outcome?.trial),
    seed: from(outcome?.seed),
    status: from(outcome?.status),
    termination: from(outcome?.termination),
    reward: from(judged ? undefined : (sample?.scores[0]?.value ?? outcome?.reward)),
    scores: from(judged ? undefined : sample?.scores),
    ...requestFigures(record, requests),
    times: new NotCovered("the clock of the driver, which no other file repeats; requests lie within"),
    counts: new NotCovered("counted by the agent; the conversation shows them"),
  };
}

function requestFigures({ status }: EpisodeRecord, requests: readonly Seen[] | undefined) {
  // Of an episode that a part failed, the taps may have seen what its record could not know.
  if (requests === undefined || status === "failed") {
    const reason = new NotCovered(noOther);
    return { requests: reason, promptTokens: reason, completionTokens: reason };
  }
  const usages = requests.flatMap(({ usage }) => usage ?? []);
  const known = usages.length === requests.length;
  const cut = new NotCovered("an answer without usage: what is known of the others is no sum");
  return {
    requests: requests.length,
    promptTokens: known ? total(usages.map(({ promptTokens }) => promptTokens)) : cut,
    completionTokens: known ? total(usages.map(({ completionTokens }) => completionTokens)) : cut,
  };
}
