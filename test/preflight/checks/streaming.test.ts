import { expect, test } from "vitest";
import { streamingCheck } from "../../../bench/preflight/checks/streaming.ts";
import type { Exchange } from "../../../bench/workload/exchange.ts";
import { chat, given } from "../given.ts";

const ms = (count: number) => count * 1e6;
type Span = readonly [startedMs: number, firstMs: number | null, lastMs: number | null];
const at = (hop: Exchange["hop"], [started, first, last]: Span): Partial<Exchange> => ({
  hop,
  startedNs: ms(started),
  firstTokenNs: first === null ? null : ms(first),
  lastTokenNs: last === null ? null : ms(last),
  endedNs: ms(last ?? started),
});

/** What is found where the taps saw tokens at these times. */
function found(outer: Span, ...inner: readonly Span[]) {
  return foundIn([[outer, ...inner]]);
}

/** The same where they saw other ones at each question; the last ones at those that follow. */
async function foundIn(questions: readonly (readonly [Span, ...Span[]])[]) {
  let asked = 0;
  await using rig = await given({
    answers: {
      "/arm/v1/chat/completions": () => {
        asked += 1;
        return chat({ text: "One, two." });
      },
    },
    seen: () => {
      const [outer, ...inner] = questions[asked - 1] ?? questions.at(-1) ?? [[0, null, null]];
      return [at("outer", outer), ...inner.map((span) => at("inner", span))];
    },
  });
  const { findings, arms } = await streamingCheck.run(rig.context);
  const [finding] = findings;
  return { status: finding?.status, streaming: arms?.["a"]?.streaming, what: finding?.what, asked };
}

test("a first token that leaves the arm before the engine's last is real streaming", async () => {
  expect(await found([0, 15, 110], [5, 10, 100])).toMatchObject({ status: "ok", streaming: "real" });
  expect(await found([0, 99, 110], [5, 10, 100])).toMatchObject({ status: "ok", streaming: "real" });
});

test("a first token that leaves the arm only after the engine's last is simulated, however slowly it is sent", async () => {
  expect(await found([0, 101, 300], [5, 10, 100])).toMatchObject({
    status: "warning",
    streaming: "simulated",
  });
  expect((await found([0, 101, 300], [5, 10, 100])).what).toContain("TTFT not comparable");
});

test("a gateway that got no processor while the engine answered is asked again: one answer that streams shows that it does", async () => {
  const late: readonly [Span, Span] = [
    [0, 101, 102],
    [5, 10, 100],
  ];
  const inTime: readonly [Span, Span] = [
    [0, 15, 110],
    [5, 10, 100],
  ];
  expect(await foundIn([late, inTime])).toMatchObject({ status: "ok", streaming: "real", asked: 2 });
  expect(await foundIn([late, late, inTime])).toMatchObject({ status: "ok", streaming: "real", asked: 3 });
  expect(await foundIn([late])).toMatchObject({ status: "warning", streaming: "simulated", asked: 3 });
  expect(await foundIn([inTime])).toMatchObject({ streaming: "real", asked: 1 });
});

test("where the engine made all of its tokens at once, after however long, nobody can tell whether the arm streams", async () => {
  expect(await found([0, 163, 163.1], [5, 160, 162])).toEqual({
    status: "not checked",
    streaming: null,
    what: "the engine made its tokens within 2.0 ms, too little time to tell",
    asked: 1,
  });
  expect(await found([0, 163, 163.1], [5, 160, 160])).toMatchObject({ streaming: null });
});

test("of several requests to the engine the last token counts: a gateway that samples twice and streams is real", async () => {
  expect(await found([0, 60, 110], [5, 10, 50], [51, 55, 100])).toMatchObject({ streaming: "real" });
});

test("a gateway that asks the engine for a whole answer is judged by how its own tokens are spread", async () => {
  expect(await found([0, 99, 100], [5, null, null])).toMatchObject({
    status: "warning",
    streaming: "simulated",
  });
  expect(await found([0, 75, 100])).toMatchObject({ streaming: "real" });
  expect(await found([0, 76, 100])).toMatchObject({ streaming: "simulated" });
});

test("an answer that is too short to tell, or without tokens at the outer tap, is not judged", async () => {
  expect(await found([0, 12, 15], [1, 2, 14])).toMatchObject({ status: "not checked", streaming: null });
  expect(await found([0, null, null], [1, 2, 100])).toMatchObject({
    status: "not checked",
    streaming: null,
    what: "the outer tap saw no token",
  });
});

test("an arm that refuses a streamed request fails, and nothing is known of its streaming", async () => {
  await using rig = await given({ answers: {} });
  const { findings, arms } = await streamingCheck.run(rig.context);
  expect(findings).toMatchObject([
    { status: "failed", change: expect.stringContaining("server-sent events") },
  ]);
  expect(arms).toEqual({ a: { streaming: null } });
});
