import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { ConfigError, RunUnreadableError } from "../../bench/errors.ts";
import { timingOf } from "../../bench/tap/exchange-record.ts";
import { BodyLog } from "../../bench/tap/body-log.ts";
import type { Exchange } from "../../bench/workload/exchange.ts";
import type { StoredRun } from "../../bench/store/read-run.ts";
import { readRecording } from "../../bench/evidence/recording.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { buildIdentity, segmentEnded, segmentStarted } from "../store/run-builder.ts";

const exchange = (attempt: number, request: number): Exchange => ({
  v: 1,
  hop: "outer",
  arm: "raw",
  requestId: `a${attempt}-${request}`,
  episodeId: `e${attempt}`,
  attemptKey: `a${attempt}`,
  method: "POST",
  path: "/v1/chat/completions",
  status: 200,
  outcome: "completed",
  error: null,
  streamed: true,
  requestBytes: 10,
  responseBytes: 10,
  startedNs: (100 * request + attempt) * 1e6,
  requestEndNs: (100 * request + attempt) * 1e6,
  firstByteNs: null,
  firstTokenNs: null,
  lastTokenNs: null,
  endedNs: (100 * request + attempt + 70) * 1e6,
  chunks: [],
  usage: null,
  finishReason: "stop",
  requestBody: JSON.stringify({ messages: [{ role: "user", content: `${attempt} ${request}` }] }),
  responseBody: "",
});

/** A recorded run of two attempts with two requests each, in two cells; the raw one is the second. */
class RecordedRun extends TemporaryFolder {
  readonly directory = join(this.path, "evidence", "c1-r0-raw", "s0");
  readonly bodies = join(this.directory, "bodies.ndjson.zst");
  readonly taps = join(this.directory, "taps.ndjson");

  constructor() {
    super();
    mkdirSync(this.directory, { recursive: true });
    const exchanges = [exchange(0, 0), exchange(1, 0), exchange(0, 1), exchange(1, 1)];
    const log = new BodyLog();
    writeFileSync(this.taps, lines(exchanges.map(timingOf)));
    writeFileSync(this.bodies, zstdCompressSync(lines(exchanges.map((one) => log.line(one)))));
  }

  get stored(): StoredRun {
    const [raw, gateway] = buildIdentity().cells;
    if (raw === undefined || gateway === undefined) throw new Error("a run has two cells");
    return {
      directory: this.path,
      identity: buildIdentity({ cells: [gateway, raw] }),
      records: [segmentStarted(raw.cellId, "s0"), segmentEnded(raw.cellId, { segmentId: "s0" })],
      recordsEndByte: 0,
      warnings: [],
    };
  }

  changeBodies(change: (text: string) => string): void {
    writeFileSync(
      this.bodies,
      zstdCompressSync(change(zstdDecompressSync(readFileSync(this.bodies)).toString())),
    );
  }
}
const lines = (values: readonly unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join("");

test("reads the raw cell's conversations, in order, with the pauses between answer and next request", async () => {
  using recorded = new RecordedRun();
  const { cell, conversations } = await readRecording(recorded.stored, null);
  expect(cell.armKind).toBe("raw");
  expect(conversations.map(({ key, requests }) => [key, requests.map(({ thinkMs }) => thinkMs)])).toEqual([
    ["a0", [0, 30]],
    ["a1", [0, 30]],
  ]);
  expect(conversations[1]?.requests[1]).toMatchObject({
    path: "/v1/chat/completions",
    body: '{"messages":[{"role":"user","content":"1 1"}]}',
  });
});

test("a torn line or one of another version is refused with file and line, never replayed in part", async () => {
  const damage: [(run: RecordedRun) => void, RegExp][] = [
    [
      (run) => run.changeBodies((text) => text.slice(0, -20)),
      /bodies\.ndjson\.zst: line 4: the line is torn/,
    ],
    [
      (run) => run.changeBodies((text) => text.replace('{"v":1', '{"v":2')),
      /Cannot read line 1 of .*bodies\.ndjson\.zst/,
    ],
    [
      (run) => run.changeBodies((text) => text.replace(/.*\n/, "")),
      /Cannot read line \d of .*: its base .* is missing/,
    ],
    [
      (run) => appendFileSync(run.taps, '{"v":1,"hop":"outer"'),
      /taps\.ndjson: line 5: the last line is torn/,
    ],
    [
      (run) => writeFileSync(run.taps, readFileSync(run.taps, "utf8").replace('{"v":1', '{"v":7')),
      /taps\.ndjson:1 cannot be read/,
    ],
    [
      (run) => writeFileSync(run.taps, readFileSync(run.taps, "utf8").replace('"a1-1"', '"a1-9"')),
      /no body of request a1-9/,
    ],
  ];
  for (const [harm, message] of damage) {
    using recorded = new RecordedRun();
    harm(recorded);
    const reading = readRecording(recorded.stored, null);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toBeInstanceOf(RunUnreadableError);
  }
});

test("a run without bodies, or without the cell, says so", async () => {
  using recorded = new RecordedRun();
  await expect(readRecording(recorded.stored, "c9")).rejects.toThrow(/has no cell c9/);
  await expect(readRecording({ ...recorded.stored, records: [] }, null)).rejects.toBeInstanceOf(ConfigError);
  await expect(readRecording({ ...recorded.stored, records: [] }, null)).rejects.toThrow(
    /output\.bodies: true/,
  );
});
