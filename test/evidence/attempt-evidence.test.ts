import * as fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readAttempt } from "../../bench/evidence/attempt-evidence.ts";
import { stampsOf } from "../../bench/evidence/episode-stamps.ts";
import { readTapTimings, type TapTiming } from "../../bench/evidence/tap-timing.ts";
import { buildEpisode, plannedCell } from "../store/run-builder.ts";
import { buildTiming } from "./tap-builder.ts";

const directory = mkdtempSync(join(tmpdir(), "tollgate-attempt-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const cell = plannedCell("gateway", 3);
const episodes = [0, 1, 2].map((index) => {
  const record = buildEpisode(cell, index, { startedNs: 0, endedNs: 1e9 });
  return { ...record, attemptKey: `${record.episodeId}-s0` };
});

function write(timings: readonly TapTiming[], chunks: unknown): void {
  const line = (timing: TapTiming) => `${JSON.stringify({ ...timing, chunks })}\n`;
  writeFileSync(join(directory, "taps.ndjson"), timings.map(line).join(""));
  const tool = ({ attemptKey }: (typeof episodes)[number], at: number) =>
    `${JSON.stringify({ attemptKey, receivedNs: 20e6 + at, startedNs: 21e6, endedNs: 22e6 })}\n`;
  writeFileSync(join(directory, "tools.ndjson"), episodes.map(tool).join(""));
}

/** What a gateway passes on of a request's identity. */
type Passes = "all" | "request" | "nothing";

test("the stamps of one episode are the same whether its lines alone were read or all of them, whatever the gateway passes on", async () => {
  const request = fc.record({
    episode: fc.nat({ max: 2 }),
    startMs: fc.nat({ max: 50 }),
    passes: fc.constantFrom<Passes>("all", "request", "nothing"),
    user: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 8 }), async (requests) => {
      const timings = requests.flatMap(({ episode, startMs, passes, user }, at): TapTiming[] => {
        const { episodeId, attemptKey } = episodes[episode]!;
        const startedNs = startMs * 1e6;
        const outer = buildTiming({
          requestId: `${attemptKey}-${at}`,
          episodeId,
          attemptKey,
          startedNs,
          firstTokenNs: startedNs + 2e6,
          endedNs: startedNs + 9e6,
        });
        if (user) return [{ ...outer, hop: "user" }];
        const unnamed = { episodeId: null, attemptKey: null };
        const inner: TapTiming = {
          ...outer,
          hop: "inner",
          startedNs: startedNs + 1e6,
          endedNs: startedNs + 8e6,
          ...(passes === "all" ? {} : unnamed),
          ...(passes === "nothing" ? { requestId: `tap-${at}` } : {}),
        };
        return [inner, outer];
      });
      write(timings, [
        [1, 2],
        [30, 40],
      ]);
      const all = {
        timings: await readTapTimings(directory, []),
        tools: (await readAttempt(directory, "", [])).tools,
      };
      expect(all.timings).toEqual(timings);
      expect(all.tools).toHaveLength(3);
      for (const episode of episodes) {
        const own = await readAttempt(directory, episode.attemptKey, []);
        expect(own.tools).toHaveLength(1);
        expect(stampsOf([episode], own)).toEqual(stampsOf([episode], all));
      }
    }),
    { numRuns: 60 },
  );
});

test.each([
  ["none", []],
  ["one", [[1, 2]]],
  [
    "many",
    [
      [1, 2],
      [-3.5, 4],
    ],
  ],
  ["of another form", [["a", "]]"], { b: [[1]] }]],
  ["none at all", undefined],
  ["null", null],
])("stamps of chunks do not matter: %s", async (_, chunks) => {
  const timings = [
    buildTiming({ error: 'the answer ended in ,"chunks":[[1,2]] and "chunks":[' }),
    buildTiming({ requestId: "r1", finishReason: ']],"chunks":[[' }),
  ];
  write(timings, chunks);
  expect(await readTapTimings(directory, [])).toEqual(timings);
});

test("a damaged line is named, also where it is another attempt's that may be the one", async () => {
  write([buildTiming({ attemptKey: "a" })], []);
  writeFileSync(join(directory, "taps.ndjson"), '{"attemptKey":"a","chunks":[[1,2]]\n', { flag: "a" });
  await expect(readAttempt(directory, "a", [])).rejects.toThrow("taps.ndjson:2 cannot be read");
  await expect(readTapTimings(directory, [])).rejects.toThrow("taps.ndjson:2 cannot be read");
  expect((await readAttempt(directory, "b", [])).timings).toEqual([]);
});
