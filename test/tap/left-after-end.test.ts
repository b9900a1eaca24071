import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Tap } from "../../bench/tap/tap.ts";
import type { ExchangeTiming } from "../../bench/workload/exchange.ts";
import {
  scriptedEngine,
  streamedAnswer,
  type Answer,
  type ScriptedEngine,
} from "./fixtures/scripted-engine.ts";

let folder = "";
let engine: ScriptedEngine;
let tap: Tap;
let outer = "";
let answer: Answer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tollgate-left-"));
  engine = await scriptedEngine((incoming, response) => answer(incoming, response));
  tap = new Tap(() => undefined);
  const inner = await tap.listen({ name: "inner", hop: "inner", arm: "a", upstream: engine.url });
  outer = await tap.listen({ name: "outer", hop: "outer", arm: "a", upstream: inner });
  await tap.openSegment(folder, false);
});
afterEach(async () => {
  await tap[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Sends events and then nothing, not even the end of the body, as a server does whose last chunk is late. */
function sendsOnly(events: readonly string[], status = 200): void {
  answer = (_request, response) => {
    response.writeHead(status, { "content-type": "text/event-stream" });
    for (const event of events) response.write(event);
  };
}

const identity = { "x-tollgate-request": "r", "x-tollgate-episode": "e", "x-tollgate-attempt": "k" };

/** A reader that closes its connection as soon as it has read this. */
function leaveAfter(text: string): Promise<void> {
  return new Promise((resolve) => {
    const asked = httpRequest(`${outer}/v1/chat/completions`, {
      method: "POST",
      headers: identity,
    });
    asked.on("error", () => undefined);
    asked.on("response", (response) => {
      let read = "";
      response.on("error", () => undefined);
      response.on("data", (chunk: Buffer) => {
        read += chunk.toString();
        if (!read.includes(text)) return;
        asked.destroy();
        resolve();
      });
    });
    asked.end("{}");
  });
}

/** What both taps wrote of the one request. */
async function written(): Promise<readonly ExchangeTiming[]> {
  await expect.poll(() => engine.seen.every(({ socket }) => socket.destroyed)).toBe(true);
  const { totals } = await tap.closeSegment();
  expect(Object.keys(totals).toSorted()).toEqual(["inner", "outer"]);
  const read = readLines();
  expect(read).toHaveLength(2);
  return read;
}

function readLines(): readonly ExchangeTiming[] {
  const lines = readFileSync(join(folder, "taps.ndjson"), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as ExchangeTiming);
}

const events = streamedAnswer(["one", " two"]);

test("a reader that leaves after [DONE] has the whole answer, whatever the server still owes the connection", async () => {
  sendsOnly(events);
  await leaveAfter("[DONE]");
  for (const timing of await written()) {
    expect(timing).toMatchObject({
      outcome: "completed",
      error: null,
      incomplete: null,
      usage: { promptTokens: 11, completionTokens: 2 },
    });
    expect(timing.endedNs).toBeGreaterThanOrEqual(timing.lastTokenNs ?? Number.POSITIVE_INFINITY);
  }
});

test.each<[string, readonly string[], string]>([
  ["before the finish reason", events.slice(0, 3), "two"],
  ["after the finish reason and before the usage", events.slice(0, 4), '"stop"'],
  ["after the usage and before [DONE]", events.slice(0, 5), "cached_tokens"],
])("a reader that leaves %s was not answered", async (...[, sent, text]) => {
  sendsOnly(sent);
  await leaveAfter(text);
  for (const timing of await written()) expect(timing).toMatchObject({ outcome: "client-aborted" });
});

test("an error that ends with [DONE] is no whole answer, and neither is another status", async () => {
  sendsOnly(['data: {"error":{"message":"out of memory"}}\n\n', "data: [DONE]\n\n"]);
  await leaveAfter("[DONE]");
  for (const timing of await written()) expect(timing).toMatchObject({ outcome: "client-aborted" });
});

test("the end of an answer with status 500 is not waited for, and it was not answered", async () => {
  sendsOnly(events, 500);
  await leaveAfter("[DONE]");
  for (const timing of await written())
    expect(timing).toMatchObject({ outcome: "client-aborted", status: 500 });
});

test("an answer ends with [DONE] at both taps, whether its reader leaves then or waits for a late end of the body", async () => {
  answer = (_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write(events.join(""));
    setTimeout(() => response.end(), 300);
  };
  const asked = httpRequest(`${outer}/v1/chat/completions`, { method: "POST", headers: identity });
  const [response] = (await once(asked.end("{}"), "response")) as [IncomingMessage];
  await once(response.resume(), "end");
  await tap.closeSegment();
  const read = readLines();
  expect(read).toHaveLength(2);
  for (const { startedNs, endedNs, chunks, outcome } of read) {
    expect(outcome).toBe("completed");
    expect(endedNs - startedNs).toBe(chunks.at(-1)?.[0]);
  }
});
