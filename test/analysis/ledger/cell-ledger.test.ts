import { expect, test } from "vitest";
import { cellLedgers } from "../../../bench/analysis/ledger/cell-ledger.ts";
import { buildLedger } from "../../../bench/analysis/ledger/episode-ledger.ts";
import type { EngineReadings } from "../../../bench/analysis/cell/engine-readings.ts";
import type { EpisodeStamps } from "../../../bench/evidence/episode-stamps.ts";
import { measuredCell } from "../measured-cell-builder.ts";

/** One call of 1 s within 2 s; the engine answers for `engineMs` of it, its first token after 100 ms. */
const stamps = (engineMs: number): EpisodeStamps => {
  const startedNs = 0.5e9;
  const inner = { startedNs, endedNs: startedNs + engineMs * 1e6, firstTokenNs: startedNs + 100e6 };
  return {
    startedNs: 0,
    endedNs: 2e9,
    sessionNs: 0,
    agentCalls: [{ startedNs, endedNs: 1.5e9, inner: [inner] }],
    userCalls: [],
    tools: [],
  };
};
const cellOf = (arm: string, engineMs: number, queueSecondsMean: number | null = 0.04) => {
  const { summary } = measuredCell(arm, { pathMs: 1 });
  const agentEngine = { queueSecondsMean } as EngineReadings;
  const ledgers = new Map([["e0", buildLedger(stamps(engineMs))]]);
  return { summary: { ...summary, agentEngine }, ledgers };
};
const seconds = (
  ledger: ReturnType<typeof cellLedgers>[number] | undefined,
  part: "taps" | "gateway" | "queue" | "prefill",
) => ledger?.parts[part]?.seconds.value;

test("between the taps of the raw arm there are taps only; what another arm has more is its gateway", () => {
  const [raw, gateway] = cellLedgers([cellOf("raw", 990), cellOf("gateway", 900)]);
  expect([seconds(raw, "taps"), seconds(raw, "gateway")]).toEqual([expect.closeTo(0.01, 9), 0]);
  expect(seconds(gateway, "taps")).toBeCloseTo(0.01, 9);
  expect(seconds(gateway, "gateway")).toBeCloseTo(0.09, 9);
});

test("without a raw cell at the load the gateway holds the taps, and the ledger says so", () => {
  const [alone] = cellLedgers([cellOf("gateway", 900)]);
  expect([seconds(alone, "taps"), seconds(alone, "gateway")]).toEqual([0, expect.closeTo(0.1, 9)]);
  expect(alone?.flags).toContain("no raw cell at this load: gateway holds the taps");
});

test("the time to the first token is queue and prefill, where the engine tells its queue", () => {
  const [told] = cellLedgers([cellOf("raw", 990)]);
  expect([seconds(told, "queue"), seconds(told, "prefill")]).toEqual([0.04, expect.closeTo(0.06, 9)]);
  const [silent] = cellLedgers([cellOf("raw", 990, null)]);
  expect([seconds(silent, "queue"), seconds(silent, "prefill")]).toEqual([0, 0.1]);
  expect(silent?.flags).toContain("queue is not known apart: prefill holds it");
});

test("a mean that is larger than what it is taken from is flagged, not hidden", () => {
  const [odd] = cellLedgers([cellOf("raw", 990, 0.5)]);
  expect(odd?.flags).toContain("prefill is negative: what is taken from it was not measured in it");
});

test("parts and what they do not explain add up to the length; a cell without ledgers has none", () => {
  const [ledger] = cellLedgers([cellOf("raw", 990)]);
  const parts = Object.values(ledger?.parts ?? {}).map(({ seconds }) => seconds.value ?? Number.NaN);
  const sum = parts.reduce((total, part) => total + part, 0) + (ledger?.residue.seconds.value ?? Number.NaN);
  expect(sum).toBeCloseTo(2, 9);
  expect(cellLedgers([{ ...cellOf("raw", 990), ledgers: new Map() }])).toEqual([]);
});
