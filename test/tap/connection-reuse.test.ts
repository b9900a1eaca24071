import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SegmentReport } from "../../bench/tap/control.ts";
import { Tap } from "../../bench/tap/tap.ts";
import type { ExchangeTiming } from "../../bench/workload/exchange.ts";
import { closingEngine, type Ending } from "./fixtures/closing-engine.ts";

let folder = "";
let tap: Tap;
let agent: Agent;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tollgate-test-"));
  tap = new Tap(() => undefined);
  agent = new Agent();
});
afterEach(async () => {
  await agent.destroy();
  await tap[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

interface Sent {
  readonly ending: Ending;
  readonly requests: number;
  readonly pauseMs?: number;
  /** Each request but the first is sent while the engine stands still, which goes on when the tap has passed it on. */
  readonly whileStill?: boolean;
  readonly body?: string;
}

/** What the client got of requests one after another, what the tap kept of them, and what the engine has read. */
async function sent({ ending, requests, pauseMs = 0, whileStill = false, body = '{"stream":true}' }: Sent) {
  await using engine = await closingEngine(ending);
  const url = await tap.listen({ name: "inner", hop: "inner", arm: "raw", upstream: engine.url });
  await tap.openSegment(join(folder, "s0"), false);
  const answers: string[] = [];
  for (let count = 0; count < requests; count += 1) {
    const options = { method: "POST", body, dispatcher: agent } as const;
    const intoStillness = whileStill && count > 0;
    if (intoStillness) while (!engine.standsStill()) await sleep(5);
    const answer = request(`${url}/v1/chat/completions`, options)
      .then((response) => response.body.text())
      .catch(({ message }: Error) => message);
    if (intoStillness) {
      // The tap is in this process: that many turns of the loop take the request through it.
      for (let turn = 0; turn < 200; turn += 1) await nextTurn();
      engine.goOn();
    }
    answers.push(await answer);
    await sleep(pauseMs);
  }
  const report = await tap.closeSegment();
  const lines = readFileSync(join(folder, "s0", "taps.ndjson"), "utf8")
    .trimEnd()
    .split("\n");
  const timings = lines.map((line) => JSON.parse(line) as ExchangeTiming);
  return { answers, report, timings, seen: engine.seen() };
}

const inner = ({ totals, connections }: SegmentReport) => ({ ...totals["inner"], ...connections["inner"] });
const whole = /"ok \d+".*\[DONE\]/s;

describe("connections that the server ends although it promised to keep them", () => {
  test("one that closes after each answer fails no request, however soon the next one comes", async () => {
    const { answers, report, timings, seen } = await sent({
      ending: "after-answer",
      requests: 12,
      pauseMs: 0,
    });
    for (const answer of answers) expect(answer).toMatch(whole);
    expect(seen).toBe(12);
    expect(inner(report)).toMatchObject({ requests: 12, completed: 12, failed: 0, opened: 12 });
    expect(timings.map(({ sentAgain }) => sentAgain)).toEqual(Array.from({ length: 12 }, () => undefined));
  });

  test("one that reaches its limit while a request is on the way gets it once more, which the evidence says", async () => {
    const { answers, report, timings, seen } = await sent({
      ending: "idle",
      requests: 4,
      whileStill: true,
      body: JSON.stringify({ stream: true, text: "x".repeat(50_000) }),
    });
    for (const answer of answers) expect(answer).toMatch(whole);
    // What the engine has read is what the tap has sent: nothing was answered twice.
    expect(seen).toBe(4);
    const again = timings.filter(({ sentAgain }) => sentAgain !== undefined);
    expect(again).toHaveLength(3);
    expect(inner(report)).toMatchObject({ requests: 4, failed: 0, sentAgain: 3, opened: 4 });
    for (const { sentAgain, startedNs, firstByteNs } of again) {
      expect(sentAgain?.error).toMatch(/ECONNRESET|EPIPE/);
      expect(sentAgain?.atNs).toBeGreaterThan(startedNs);
      expect(sentAgain?.atNs).toBeLessThan(Number(firstByteNs));
    }
  });

  test.each<{ ending: Ending; error: RegExp; seen: number; what: string }>([
    { ending: "drops", error: /closed/, seen: 4, what: "reads requests and drops them" },
    { ending: "aborts", error: /closed|ECONNRESET/, seen: 4, what: "reads requests and resets later" },
    { ending: "ends", error: /closed/, seen: 2, what: "is gone with the request" },
  ])("one that $what is a failure, and nothing is sent again", async ({ ending, error, seen: reads }) => {
    const { answers, report, timings, seen } = await sent({ ending, requests: 4, pauseMs: 80 });
    expect(seen).toBe(reads);
    expect(answers[0]).toMatch(whole);
    expect(answers[1]).toMatch(error);
    expect(inner(report)).toMatchObject({ requests: 4, sentAgain: 0 });
    expect(timings[1]).toMatchObject({ outcome: "upstream-failed", status: null });
    expect(timings[1]).not.toHaveProperty("sentAgain");
  });

  test("requests of a server that keeps its promise share connections", async () => {
    await using engine = await closingEngine("drops");
    const url = await tap.listen({ name: "inner", hop: "inner", arm: "raw", upstream: engine.url });
    await tap.openSegment(join(folder, "s0"), false);
    const models = async () => {
      const response = await request(`${url}/v1/models`, { dispatcher: agent });
      await response.body.dump();
    };
    await models();
    await sleep(80);
    await models().catch(() => undefined);
    expect(inner(await tap.closeSegment())).toMatchObject({ requests: 2, opened: 1 });
  });
});
