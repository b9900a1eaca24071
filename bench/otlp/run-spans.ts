import { readSegments } from "../evidence/run-segments.ts";
import { seenRequests } from "../evidence/seen-requests.ts";
import { serversOfRun } from "../evidence/server-facts.ts";
import { readJudgedRun } from "../store/judgements.ts";
import type { StoreWarning } from "../store/read-run.ts";
import type { EpisodeRecord } from "../store/record.ts";
import { segmentPath } from "../store/run-directory.ts";
import type { RunJson } from "../store/run-json.ts";
import { episodeSpans } from "./episode-spans.ts";
import { attributesOf, type Attributes, type TraceSpan, type SpanBatch } from "./span.ts";
import { readToolCalls } from "./tool-calls.ts";

/** Spans in one request: some 700 bytes each. */
const batchSpansMax = 512;

/** A batch, and how many episodes were begun with it. */
export interface EpisodeBatch {
  readonly batch: SpanBatch;
  readonly episodes: number;
}

/**
 * The spans of a run's episodes, in order, from what is on disk. Those of an episode may be in two batches.
 * @param wanted which episodes; every one that is finished where it is not given
 */
export async function* runSpans(
  directory: string,
  wanted: (episode: EpisodeRecord) => boolean = () => true,
): AsyncGenerator<EpisodeBatch> {
  const run = await readJudgedRun(directory);
  const servers = await serversOfRun(run.directory);
  const batchOf = (spans: readonly TraceSpan[]): SpanBatch => ({
    resource: resourceOf(run.identity),
    scope: { name: "tollgate", version: run.identity.versions["tollgate"] ?? "unknown" },
    spans,
  });
  const warnings: StoreWarning[] = [];
  let [spans, episodes]: [TraceSpan[], number] = [[], 0];
  for await (const segment of readSegments(run, warnings)) {
    const counted = segment.episodes.filter(wanted);
    if (counted.length === 0) continue;
    const requests = Map.groupBy(seenRequests(segment.timings ?? []), ({ at }) => at.attemptKey);
    const tools = await readToolCalls(segmentPath(run.directory, segment.segment), warnings);
    for (const episode of counted) {
      const key = episode.attemptKey ?? "";
      const seen = { in: segment, episode, servers, tools: tools.get(key) ?? [] };
      spans.push(...episodeSpans({ ...seen, requests: requests.get(key) ?? [] }));
      episodes += 1;
      while (spans.length >= batchSpansMax) {
        yield { batch: batchOf(spans.slice(0, batchSpansMax)), episodes };
        [spans, episodes] = [spans.slice(batchSpansMax), 0];
      }
    }
  }
  if (spans.length > 0) yield { batch: batchOf(spans), episodes };
}

function resourceOf(run: RunJson): Attributes {
  return attributesOf({
    "service.name": "tollgate",
    "service.version": run.versions["tollgate"],
    "service.instance.id": run.runId,
    "tollgate.run.id": run.runId,
    "tollgate.experiment": run.experiment,
    "tollgate.note": run.note === "" ? null : run.note,
    "tollgate.simulated": run.simulated,
    "tollgate.git.revision": run.git?.revision,
  });
}
