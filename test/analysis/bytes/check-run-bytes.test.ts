import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkRunBytes } from "../../../bench/analysis/bytes/check-run-bytes.ts";
import { RunDirectory } from "../../../bench/store/run-directory.ts";
import { BodyLog } from "../../../bench/tap/body-log.ts";
import type { Exchange } from "../../../bench/workload/exchange.ts";
import { buildIdentity, plannedCell, runStarted, transcript } from "../../store/run-builder.ts";
import { writeSegment } from "../../evidence/evidence-builder.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-bytes-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const cell = plannedCell("gateway", 3);
let made = 0;

/** A run whose two requests per episode carry the transcript; `change` edits a body on its way to the engine. */
async function writeRun(
  change: (body: string, requestId: string) => string = (body) => body,
): Promise<string> {
  made += 1;
  const identity = buildIdentity({ runId: `run-${made}`, cells: [cell] });
  await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
  await run.append(runStarted(identity));
  const log = new BodyLog();
  const lines: string[] = [];
  await writeSegment(run, {
    cell,
    episodes: [0, 1, 2],
    requestsPerEpisode: 2,
    timing: (timing) => {
      // The gateway does not pass the attempt's header on.
      const passed = timing.hop === "inner" ? { ...timing, attemptKey: null, episodeId: null } : timing;
      const sent = body(timing.requestId.endsWith("-0") ? 2 : 4);
      const requestBody = timing.hop === "inner" ? change(sent, timing.requestId) : sent;
      const exchange: Exchange = { ...passed, chunks: [], requestBody, responseBody: "{}" };
      lines.push(`${JSON.stringify(log.line(exchange))}\n`);
      return passed;
    },
  });
  const directory = await run.segmentDirectory(cell.cellId, "s0");
  await writeFile(join(directory, "bodies.ndjson"), lines.join(""));
  return run.path;
}

function body(upTo: number): string {
  const messages = transcript.messages.slice(0, upTo).map((message) =>
    message.role === "tool"
      ? { role: "tool", tool_call_id: message.toolCallId, content: message.content }
      : {
          role: message.role,
          content: message.content,
          ...(message.toolCalls === null
            ? {}
            : {
                tool_calls: message.toolCalls.map(({ id, name, arguments: text }) => ({
                  id,
                  type: "function",
                  function: { name, arguments: text },
                })),
              }),
        },
  );
  const all = [{ role: "system", content: transcript.system }, ...messages];
  return `{"messages":${JSON.stringify(all)},"tools":${transcript.tools}}`;
}

test("a faithful run is equal in every request", async () => {
  expect(await checkRunBytes(await writeRun())).toEqual({
    requests: 6,
    equal: 6,
    withoutTranscript: 0,
    unidentified: 0,
    segmentsWithoutBodies: [],
    differences: [],
    toolResultDifferences: [],
    emptyContents: { null: 3, empty: 0, absent: 0 },
  });
});

test("one changed byte in one request is shown with its place", async () => {
  const requestId = `${cell.episodeIds[1]}-s0-1`;
  const directory = await writeRun((text, id) => (id === requestId ? text.replace("2.0", "2") : text));
  const check = await checkRunBytes(directory);
  expect([check.requests, check.equal]).toEqual([6, 5]);
  expect(check.differences).toEqual([
    {
      cellId: cell.cellId,
      segmentId: "s0",
      requestId,
      attemptKey: `${cell.episodeIds[1]}-s0`,
      place: "messages[3].tool_calls[0].function.arguments",
      expected: '…tle": "Dune", "n": 2.0}',
      actual: '…tle": "Dune", "n": 2}',
    },
  ]);
});

test("a segment without bodies is named, not passed over", async () => {
  const directory = await writeRun();
  await rm(join(directory, "evidence", cell.cellId, "s0", "bodies.ndjson"));
  expect(await checkRunBytes(directory)).toMatchObject({
    requests: 0,
    segmentsWithoutBodies: [`${cell.cellId}/s0`],
  });
});
