import { expect, test } from "vitest";
import type { CellSummary } from "../../../bench/analysis/cell/cell-summary.ts";
import { compareArms } from "../../../bench/analysis/overhead/overhead.ts";
import { measuredCell } from "../measured-cell-builder.ts";

const raw = measuredCell("raw", { pathMs: 1 });
const gateway = measuredCell("gateway", { pathMs: 4 });
const changed = (summary: Partial<CellSummary>) => measuredCell("gateway", { pathMs: 4, summary });
const only = (cells: Parameters<typeof compareArms>[0], compare?: Parameters<typeof compareArms>[1]) => {
  const [found, ...more] = compareArms(cells, compare);
  expect(more).toEqual([]);
  return found;
};

test("an arm's path is compared with that of the first raw arm, episode by episode", () => {
  const found = only([raw, gateway]);
  expect(found).toMatchObject({ baseline: "raw", arm: "gateway", refused: null });
  expect(found?.pathMs.whole.difference).toMatchObject({ value: expect.closeTo(3, 6), count: 6 });
  expect(found?.pathMs.whole.finding).toBe("more");
  expect(found?.armPath).toMatchObject({ requests: 6, joined: 6, unmatched: 0, retried: 0 });
});

test("without a raw arm, or with nothing beside it, there is nothing to compare", () => {
  expect(compareArms([gateway], undefined)).toEqual([]);
  expect(compareArms([raw], undefined)).toEqual([]);
});

test.each<[string, Partial<CellSummary>]>([
  ["has no segment that ran to its end", { seconds: null }],
  ["is engine-died", { verdict: "engine-died" }],
  ["is engine-restarted", { verdict: "engine-restarted" }],
  ["is different-engines", { verdict: "different-engines" }],
  [
    "not comparable: request-altered: temperature",
    { reasons: [{ verdict: "request-altered", detail: "temperature 0 was sent, 0.7 reached the engine" }] },
  ],
  ["the arms did not reach the same engine process", { agentEngineIdentity: "engine 2" }],
])("no overhead where a cell %s", (reason, summary) => {
  const found = only([raw, changed(summary)]);
  expect(found?.refused).toContain(reason);
  expect(found?.pathMs.whole.difference).toEqual({ value: null, count: 0, low: null, high: null });
  expect(found?.live.seconds.difference.count).toBe(0);
});

test("an engine that nobody identified is believed to be the same one while its tap or its counters say so", () => {
  const unknown = { agentEngineIdentity: null };
  expect(only([raw, changed(unknown)])?.refused).toBeNull();
  const unseen = { ...unknown, inner: { ...gateway.summary.inner, answered: 0 } };
  expect(only([raw, changed(unseen)])?.refused).toContain("nothing shows that cell");
  const counted = { ...unseen, tokenCheck: { status: "exact" as const, details: [] } };
  expect(only([raw, changed(counted)])?.refused).toBeNull();
});

test("what the preflight saw refuses numbers, and a simulated stream has no first token to compare", () => {
  const facts = (armFacts: NonNullable<typeof gateway.armFacts>) => only([raw, { ...gateway, armFacts }]);
  expect(facts({ streaming: "real", sameEngine: false })?.refused).toContain("different engines");
  const simulated = facts({ streaming: "simulated", sameEngine: true });
  expect(simulated?.refused).toBeNull();
  expect(simulated?.pathMs.firstToken.difference.count).toBe(0);
  expect(simulated?.pathMs.whole.difference.count).toBe(6);
});

test("first byte and first token are compared only where both arms ask the engine at one endpoint", () => {
  const alike = only([raw, gateway]);
  expect(alike).not.toHaveProperty("firstTokenRefused");
  expect(alike?.pathMs.firstByte.difference.count).toBe(6);
  expect(alike?.pathMs.firstToken.difference.count).toBe(6);
  const other = only([raw, measuredCell("gateway", { pathMs: 4, innerPath: "/generate" })]);
  expect(other?.refused).toBeNull();
  expect(other?.firstTokenRefused).toContain("this arm at /generate");
  expect(other?.pathMs.firstByte.difference.count).toBe(0);
  expect(other?.pathMs.firstToken.difference.count).toBe(0);
  expect(other?.pathMs.whole.difference).toMatchObject({ value: expect.closeTo(3, 6), count: 6 });
});

test("a load that only one of the arms has is refused by name, not left out", () => {
  const elsewhere = changed({ load: "closed:9" });
  const found = compareArms([raw, elsewhere], undefined);
  expect(found.map(({ load, refused }) => [load, refused])).toEqual([
    ["closed:1", "one of the arms has no cell at this load"],
    ["closed:9", "one of the arms has no cell at this load"],
  ]);
});

test("a margin in per cent is one of the baseline's mean time to the end of the answer", () => {
  const compare = { margin: "50%", tokenMarginPercent: 1 } as NonNullable<Parameters<typeof compareArms>[1]>;
  const { margin } = only([raw, gateway], compare)?.pathMs.whole ?? {};
  expect(margin).toMatchObject({ limit: expect.closeTo(0.5 * 11, 1), verdict: "inside" });
});

test("where an arm asks for whole answers and the baseline for streams, other calls may be the engine's difference", () => {
  expect(only([raw, gateway])).not.toHaveProperty("callsMayDiffer");
  const whole = only([raw, measuredCell("gateway", { pathMs: 4, innerStreamed: false })]);
  expect(whole?.refused).toBeNull();
  expect(whole?.callsMayDiffer).toMatch(
    /^for 6 of 6 requests .*\(baseline: 0 of 6\)\. Engines read calls .* engine's difference/,
  );
});
