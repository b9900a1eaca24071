import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { compareSegment } from "../../bench/fidelity/compare-segment.ts";
import type { FidelityFacts } from "../../bench/store/fidelity-facts.ts";
import { BodyLog } from "../../bench/tap/body-log.ts";
import { timingOf } from "../../bench/tap/exchange-record.ts";
import type { Exchange } from "../../bench/workload/exchange.ts";
import { blankExchange } from "../tap/fixtures/blank-exchange.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const requestOf = (number: number, more: object = {}) =>
  JSON.stringify({
    messages: [
      { role: "system", content: "You are a clerk." },
      { role: "user", content: `Question ${number}?` },
    ],
    temperature: 0,
    ...more,
  });
const answerOf = (number: number) =>
  JSON.stringify({
    id: `a${number}`,
    model: "m",
    choices: [{ message: { content: `This is the answer to question ${number}.` }, finish_reason: "stop" }],
    usage: { prompt_tokens: 10, completion_tokens: 5 },
  });

/** An exchange of the request with this number, from `fromMs` to `toMs`. */
function exchange(hop: "outer" | "inner", number: number, more: Partial<Exchange> = {}): Exchange {
  const [from, to] = hop === "outer" ? [0, 10] : [1, 9];
  return {
    ...blankExchange,
    hop,
    arm: "gw",
    path: "/v1/chat/completions",
    requestId: `r${number}`,
    episodeId: `e${number}`,
    attemptKey: `k${number}`,
    startedNs: (number * 100 + from) * 1e6,
    endedNs: (number * 100 + to) * 1e6,
    requestBody: requestOf(number),
    responseBody: answerOf(number),
    usage: { promptTokens: 10, completionTokens: 5, cachedTokens: null },
    incomplete: null,
    ...more,
  };
}
const outer = (number: number, more?: Partial<Exchange>) => exchange("outer", number, more);
const inner = (number: number, more?: Partial<Exchange>) => exchange("inner", number, more);
/** As behind a gateway that passes no headers on. */
const nameless = (number: number, more: Partial<Exchange> = {}) =>
  inner(number, { requestId: `inner:gw-${number}`, episodeId: null, attemptKey: null, ...more });

interface Setting {
  readonly bodies?: boolean;
  readonly innerTapped?: boolean;
  readonly rewrites?: readonly string[];
}

async function compared(exchanges: readonly Exchange[], setting: Setting = {}): Promise<FidelityFacts> {
  const { bodies = true, innerTapped = true, rewrites = [] } = setting;
  const folder = await mkdtemp(join(tmpdir(), "tollgate-fidelity-test-"));
  folders.push(folder);
  const inOrder = exchanges.toSorted((a, b) => a.endedNs - b.endedNs);
  const log = new BodyLog();
  const lines = (items: readonly object[]) => items.map((item) => `${JSON.stringify(item)}\n`).join("");
  await writeFile(join(folder, "taps.ndjson"), lines(inOrder.map(timingOf)));
  if (bodies) await writeFile(join(folder, "bodies.ndjson"), lines(inOrder.map((one) => log.line(one))));
  return compareSegment(folder, { name: "gw", innerTapped, rewrites });
}

const found = ({ findings }: FidelityFacts) =>
  findings.map(({ kind, about, count }) => `${count} ${kind}: ${about}`);
const numbers = [1, 2, 3, 4];
const cut = {
  outcome: "upstream-truncated",
  incomplete: "ended without a finish reason",
  responseBody: "{",
} as const;
const hot = (number: number) => ({ requestBody: requestOf(number, { temperature: 0.7 }) });

test("an arm that changes nothing: everything was compared and nothing found", async () => {
  const facts = await compared(numbers.flatMap((number) => [outer(number), inner(number)]));
  expect(facts).toEqual({
    v: 1,
    arm: "gw",
    requests: 4,
    comparedRequests: 4,
    comparedAnswers: 4,
    findings: [],
    unknown: [],
  });
});

test("a change is counted once for each request, and the first one is shown", async () => {
  const facts = await compared(
    numbers.flatMap((number) => [outer(number), inner(number, number === 1 ? {} : hot(number))]),
  );
  expect(facts.findings).toEqual([
    {
      kind: "request",
      about: "temperature changed",
      what: "temperature 0 was sent, 0.7 reached the engine",
      count: 3,
      of: 4,
      first: { requestId: "r2", episodeId: "e2", before: "0", after: "0.7" },
    },
  ]);
});

test("declared rewriting is listed as such", async () => {
  const facts = await compared([outer(1), inner(1, hot(1))], { rewrites: ["temperature"] });
  expect(found(facts)).toEqual(["1 declared: temperature changed"]);
});

describe("how a request ended, on both sides", () => {
  const failed = { status: 500, responseBody: '{"error": "out of memory"}' };
  const ends: readonly (readonly [
    name: string,
    exchanges: readonly Exchange[],
    expected: readonly string[],
  ])[] = [
    ["cut, then whole", [outer(1), inner(1, cut)], ["1 hidden-failure: cut"]],
    ["refused, then whole", [outer(1), inner(1, failed)], ["1 hidden-failure: status 500"]],
    [
      "given up, then whole",
      [outer(1), inner(1, { incomplete: "was given up, with finish reason abort" })],
      ["1 hidden-failure: incomplete"],
    ],
    [
      "left by the gateway, then whole",
      [outer(1), inner(1, { outcome: "client-aborted", error: "the client closed its connection" })],
      ["1 hidden-failure: left"],
    ],
    ["whole, then cut", [outer(1, cut), inner(1)], ["1 gateway-failure: cut"]],
    ["whole, then refused", [outer(1, failed), inner(1)], ["1 gateway-failure: status 500"]],
    ["both cut", [outer(1, cut), inner(1, cut)], []],
    [
      "refused without the engine",
      [outer(1, failed), outer(2), inner(2)],
      ["1 gateway-failure: status 500, engine not asked"],
    ],
    ["given up by the agent", [outer(1, { outcome: "client-aborted", status: null }), inner(1)], []],
    [
      "sent again after a failure",
      [outer(1), inner(1, { ...failed, startedNs: 100_500_000 }), inner(1)],
      ["1 retried: after a failure"],
    ],
    [
      "sent again without one",
      [outer(1), inner(1, { startedNs: 100_500_000 }), inner(1)],
      ["1 retried: without a failure"],
    ],
  ];
  test.each(ends)("%s", async (_name, exchanges, expected) => {
    expect(found(await compared(exchanges))).toEqual(expected);
    expect(found(await compared(exchanges, { bodies: false }))).toEqual(expected);
  });
});

test("of two answers to one request, asked at once, the one that was passed on is compared", async () => {
  const usage = { promptTokens: 10, completionTokens: 9, cachedTokens: 4 };
  const second = { startedNs: 101.5e6, endedNs: 109.5e6, usage, responseBody: answerOf(7) };
  const facts = await compared([outer(1), inner(1), inner(1, second)]);
  expect(found(facts)).toEqual(["1 retried: without a failure"]);
});

describe("an answer for which nothing reached the engine", () => {
  const again = { requestBody: requestOf(1), responseBody: answerOf(1) };
  test("of a text that had been answered before: a cache", async () => {
    const facts = await compared([outer(1), inner(1), outer(2, again)]);
    expect(found(facts)).toEqual(["1 not-from-engine: from a cache"]);
  });
  test("of a text that was being answered: shared", async () => {
    const facts = await compared([
      outer(1),
      inner(1),
      outer(2, { ...again, startedNs: 102e6, endedNs: 112e6 }),
    ]);
    expect(found(facts)).toEqual(["1 not-from-engine: shared"]);
  });
  test("in the words of an answer that the engine gave before: a cache of answers", async () => {
    const facts = await compared([outer(1), inner(1), outer(2, { responseBody: answerOf(1) })]);
    expect(found(facts)).toEqual(["1 not-from-engine: from a cache of answers"]);
  });
  test("of another text: from elsewhere", async () => {
    expect(found(await compared([outer(1), inner(1), outer(2)]))).toEqual([
      "1 not-from-engine: from elsewhere",
    ]);
  });
  test("a request of the gateway's own is named, and spoils no comparison", async () => {
    const facts = await compared([outer(1), inner(1), nameless(5)]);
    expect(found(facts)).toEqual(["1 own-request: made by the gateway"]);
    expect(facts.comparedAnswers).toBe(1);
  });
});

describe("a gateway that passes no headers on", () => {
  /** All at the same time. */
  const atOnce = (number: number) => ({ startedNs: (100 + number) * 1e6, endedNs: (150 + number) * 1e6 });
  const together = (change: (number: number) => Partial<Exchange>) =>
    numbers.flatMap((number) => [
      outer(number, atOnce(number)),
      nameless(number, { startedNs: 120e6, endedNs: (140 + number) * 1e6, ...change(number) }),
    ]);

  test("is joined by what the bodies say, though all requests run at once", async () => {
    const facts = await compared(together(() => ({})));
    expect([facts.comparedRequests, facts.findings]).toEqual([4, []]);
  });
  test("changes of requests and of answers are found all the same", async () => {
    expect(found(await compared(together(hot)))).toEqual(["4 request: temperature changed"]);
    const longer = (number: number) => ({ responseBody: answerOf(number).replace("This", "That") });
    expect(found(await compared(together(longer)))).toEqual(["4 answer: answer.text changed"]);
    const prompted = (number: number) => ({
      requestBody: requestOf(number).replace(
        '"messages":[',
        '"messages":[{"role":"system","content":"Hi."},',
      ),
    });
    expect(found(await compared(together(prompted)))).toEqual(["4 request: messages added"]);
  });
  test("retries and caches are found", async () => {
    const retried = [
      outer(1),
      nameless(1, { ...cut, requestId: "x", startedNs: 100.5e6, endedNs: 101e6 }),
      nameless(1),
    ];
    expect(found(await compared(retried))).toEqual(["1 retried: after a failure"]);
    const cached = [
      outer(1),
      nameless(1),
      outer(2, { requestBody: requestOf(1), responseBody: answerOf(1) }),
    ];
    expect(found(await compared(cached))).toEqual(["1 not-from-engine: from a cache"]);
  });
  test("what fits several is not guessed", async () => {
    const blind = together((number) => ({
      requestBody: `{"input_ids":[${number}]}`,
      path: "/generate",
      responseBody: "{}",
    }));
    const facts = await compared(blind);
    expect(facts.unknown).toEqual([{ what: expect.stringContaining("which of the requests"), count: 4 }]);
    expect([facts.comparedRequests, facts.findings]).toEqual([0, []]);
  });
});

describe("what cannot be known is said, and nothing is claimed", () => {
  const altered = numbers.flatMap((number) => [outer(number), inner(number, hot(number))]);
  test.each<readonly [string, readonly Exchange[], Setting, RegExp]>([
    ["no tap before the engine", altered, { innerTapped: false }, /no tap stands in front of the engine/],
    ["nothing passed that tap", numbers.map((number) => outer(number)), {}, /no request passed the tap/],
    ["no bodies", altered, { bodies: false }, /output\.bodies: false/],
  ])("%s", async (...[, exchanges, setting, says]) => {
    const facts = await compared(exchanges, setting);
    expect(facts).toMatchObject({ requests: 4, comparedRequests: 0, comparedAnswers: 0, findings: [] });
    expect(facts.unknown).toEqual([{ what: expect.stringMatching(says), count: 4 }]);
  });

  test("bodies of other exchanges than the timings are not compared", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tollgate-fidelity-test-"));
    folders.push(folder);
    const [one, other] = [outer(1), inner(1)];
    await writeFile(
      join(folder, "taps.ndjson"),
      [one, other].map((of) => `${JSON.stringify(timingOf(of))}\n`).join(""),
    );
    await writeFile(join(folder, "bodies.ndjson"), `${JSON.stringify(new BodyLog().line(other))}\n`);
    const facts = await compareSegment(folder, { name: "gw", innerTapped: true, rewrites: [] });
    expect(facts.unknown).toEqual([{ what: expect.stringContaining("cannot be read"), count: 1 }]);
  });
});

test("a file of findings stays small, whatever an arm does", async () => {
  const noise = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`key${at}`, "x".repeat(5_000)]));
  const facts = await compared(
    numbers.flatMap((number) => [outer(number), inner(number, { requestBody: requestOf(number, noise) })]),
  );
  expect(JSON.stringify(facts).length).toBeLessThan(50_000);
  expect(facts.findings.length).toBeLessThan(70);
});
