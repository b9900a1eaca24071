import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readTapTimings } from "../../bench/evidence/tap-timing.ts";
import { isGenerationRequest } from "../../bench/workload/exchange.ts";
import { segmentPath } from "../../bench/store/run-directory.ts";
import { segmentsOf } from "../../bench/store/progress.ts";
import { readJsonLines, readRun } from "../../bench/store/read-run.ts";
import { runDriver } from "./driver-process.ts";
import { harnessTime, type EpisodeSpan, type TimeSpan } from "./harness-time.ts";
import { medianReading, type Measurement, type Reading } from "./measurement.ts";

const engine = { decodeStepMs: 0.5, decodeStepMsPerRequest: 0, prefillTokensPerSecond: 1_000_000 };
const concurrency = [1, 4];

/**
 * Our own domain by tau2's own agent loop on simulated engines: the driver's memory without OpenClaw, and its own time
 * between the model calls and tool calls of an episode.
 */
export const nativeSweep: Measurement = {
  name: "driver",
  measure: async (bench) => {
    const experiment = {
      name: "benchmark",
      stack: { kind: "embedded", agent: engine, user: engine },
      arms: [{ kind: "raw" }],
      agent: { kind: "native" },
      workload: {
        domain: "library",
        trials: bench.quick ? 1 : 8,
        ...(bench.quick && { tasks: { count: 4 } }),
      },
      sweep: { concurrency },
    };
    const file = join(bench.scratch, "experiment.yaml");
    await writeFile(file, JSON.stringify(experiment));
    const run = await runDriver(bench, [file, "--out", join(bench.scratch, "runs")]);
    return [...(await harnessReadings(run.runDirectory)), ...memoryReading(run.peakMegabytes)];
  },
};

function memoryReading(peakMegabytes: number | null): readonly Reading[] {
  if (peakMegabytes === null) return [];
  const what = `driver's memory, native sweep up to ${concurrency.at(-1)} in flight`;
  return [{ what, unit: "MB", statistic: "max", value: peakMegabytes, count: 1, spread: null, target: 400 }];
}

async function harnessReadings(runDirectory: string): Promise<readonly Reading[]> {
  const episodes = await readEpisodes(runDirectory);
  return concurrency.map((inFlight) => {
    const perCallMs = episodes
      .filter(({ load }) => load === `closed:${inFlight}`)
      .flatMap((episode) => harnessTime(episode) ?? []);
    // With several in flight an episode also waits for the driver while it works for another one.
    const target = inFlight === 1 ? 2 : null;
    return medianReading(
      { what: `harness time per model call, ${inFlight} in flight`, unit: "ms", target },
      perCallMs,
    );
  });
}

const toolLineSchema = z.object({ attemptKey: z.string(), startedNs: z.number(), endedNs: z.number() });

/** Every episode of a run with the times at which somebody else worked for it, from evidence alone. */
async function readEpisodes(
  runDirectory: string,
): Promise<readonly (EpisodeSpan & { readonly load: string })[]> {
  const { records } = await readRun(runDirectory);
  const modelCalls = new Map<string, TimeSpan[]>();
  const toolCalls = new Map<string, TimeSpan[]>();
  for (const segment of segmentsOf(records)) {
    const directory = segmentPath(runDirectory, segment);
    const timings = await readTapTimings(directory, []);
    for (const timing of timings.filter((one) => isGenerationRequest(one) && one.hop !== "inner")) {
      if (timing.attemptKey !== null) append(modelCalls, timing.attemptKey, timing);
    }
    for await (const { value } of readJsonLines(join(directory, "tools.ndjson"), toolLineSchema, [])) {
      append(toolCalls, value.attemptKey, value);
    }
  }
  return records.flatMap((record) => {
    if (record.type !== "episode" || record.attemptKey === undefined) return [];
    const { attemptKey, startedNs, endedNs, load } = record;
    return {
      load,
      startedNs,
      endedNs,
      modelCalls: modelCalls.get(attemptKey) ?? [],
      toolCalls: toolCalls.get(attemptKey) ?? [],
    };
  });
}

function append(spans: Map<string, TimeSpan[]>, key: string, { startedNs, endedNs }: TimeSpan): void {
  const known = spans.get(key);
  if (known === undefined) spans.set(key, [{ startedNs, endedNs }]);
  else known.push({ startedNs, endedNs });
}
