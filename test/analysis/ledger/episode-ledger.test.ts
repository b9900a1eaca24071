import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  buildLedger,
  stampedParts,
  totalOf,
  type EpisodeLedger,
} from "../../../bench/analysis/ledger/episode-ledger.ts";
import type { EpisodeStamps, Span } from "../../../bench/evidence/episode-stamps.ts";

const span = (startedNs: number, endedNs: number): Span => ({ startedNs, endedNs });
const call = (outer: Span, ...inner: readonly (readonly [number, number | null, number])[]) => ({
  ...outer,
  inner: inner.map(([startedNs, firstTokenNs, endedNs]) => ({ startedNs, firstTokenNs, endedNs })),
});
const nothing: EpisodeStamps = {
  ...span(0, 1000),
  sessionNs: 0,
  agentCalls: [],
  userCalls: [],
  tools: [],
};
const turn = (times: Partial<EpisodeLedger["turns"][number]>) => ({
  ...Object.fromEntries(stampedParts.map((part) => [part, 0])),
  ...times,
});

test("two turns: every stretch goes to the part that it belongs to", () => {
  const ledger = buildLedger({
    ...nothing,
    sessionNs: 30,
    userCalls: [span(40, 140), span(700, 800)],
    agentCalls: [
      call(span(150, 300), [160, 200, 290]),
      call(span(400, 600), [420, null, 580]),
      call(span(820, 900)),
    ],
    tools: [span(320, 350)],
  });
  expect(ledger).toEqual({
    lengthNs: 1000,
    turns: [
      turn({
        user: 100,
        agentBefore: 10,
        path: 10 + 10 + 20 + 20,
        firstToken: 40,
        decode: 90,
        agentBetween: 20 + 50,
        tool: 30,
        engineUnsplit: 160,
        agentAfter: 100,
      }),
      turn({ user: 100, agentBefore: 20, callUnsplit: 80 }),
    ],
    sessionNs: 30,
    unexplainedNs: 40 + 100 - 30,
    overlapNs: 0,
    outsideNs: 0,
    agentCalls: 3,
  });
});

test("a gateway that asks twice: both model calls are the engine's, the pause between them is the path's", () => {
  const { turns } = buildLedger({
    ...nothing,
    agentCalls: [call(span(0, 1000), [100, null, 300], [500, 600, 900])],
  });
  expect(turns).toEqual([turn({ path: 400, engineUnsplit: 200, firstToken: 100, decode: 300 })]);
});

test("what runs at once is counted once, and what lies outside is left out; both are said", () => {
  const ledger = buildLedger({
    ...nothing,
    tools: [span(100, 300), span(200, 400), span(900, 1100)],
    agentCalls: [call(span(500, 600), [450, 550, 700])],
  });
  expect(ledger).toMatchObject({ overlapNs: 100, outsideNs: 100 + 150, unexplainedNs: 500 });
  expect(totalOf(ledger)).toMatchObject({ tool: 400, firstToken: 50, decode: 50, path: 0 });
});

test("session calls that took longer than everything outside of turns leave a negative residue", () => {
  expect(buildLedger({ ...nothing, sessionNs: 1200 }).unexplainedNs).toBe(-200);
});

test("stamps of two clocks are refused", () => {
  expect(() => buildLedger({ ...nothing, ...span(10, 5) })).toThrow("an episode cannot take -5 ns");
});

test("parts and residue add up to the length, whatever the stamps", () => {
  const spans = fc
    .tuple(fc.integer({ min: -50, max: 1050 }), fc.integer({ min: 0, max: 400 }))
    .map(([startedNs, length]) => span(startedNs, startedNs + length));
  const inner = fc
    .tuple(spans, fc.option(fc.integer({ min: -50, max: 1100 })))
    .map(([at, firstTokenNs]) => ({ ...at, firstTokenNs }));
  const agentCall = fc
    .tuple(spans, fc.array(inner, { maxLength: 3 }))
    .map(([outer, inner]) => ({ ...outer, inner }));
  const stamps = fc.record({
    startedNs: fc.constant(0),
    endedNs: fc.constant(1000),
    sessionNs: fc.integer({ min: 0, max: 300 }),
    agentCalls: fc.array(agentCall, { maxLength: 6 }),
    userCalls: fc.array(spans, { maxLength: 4 }),
    tools: fc.array(spans, { maxLength: 4 }),
  });
  fc.assert(
    fc.property(stamps, (episode) => {
      const ledger = buildLedger(episode);
      const total = totalOf(ledger);
      const parts = stampedParts.reduce((sum, part) => sum + total[part], 0);
      expect(parts + ledger.sessionNs + ledger.unexplainedNs).toBe(ledger.lengthNs);
      for (const part of stampedParts) expect(total[part]).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 300 },
  );
});
