import { expect, test } from "vitest";
import { capacityAnswer } from "../../bench/analysis/capacity/capacity-answer.ts";
import type { ObservedCell } from "../../bench/analysis/slo/observed-cell.ts";
import { nextCells } from "../../bench/capacity/capacity-search.ts";
import { capacitySettings } from "../../bench/config/capacity-schema.ts";
import { sloOf } from "../../bench/config/slo-schema.ts";
import { createRng } from "../../bench/statistics/rng.ts";
import { observed, trueLimit, trueP95, type KnownService } from "./known-service.ts";

const spread = { request: 0.3, episode: 0.2, cell: 0.02 };
const services: Readonly<Record<string, KnownService>> = {
  "grows with the load": { medianMs: (agents) => 20 + 4 * agents, spread },
  "hardly grows": { medianMs: (agents) => 100 + 0.7 * agents, spread },
  "queues above 16": { medianMs: (agents) => (agents <= 16 ? 50 : 50 + 25 * (agents - 16)), spread },
  "drifts between cells": { medianMs: (agents) => 20 + 4 * agents, spread: { ...spread, cell: 0.1 } },
};
const settings = { ...capacitySettings(undefined), to: 64 };
const searches = 20;

test.each(Object.entries(services))(
  "a search of a service that %s holds the true limit as often as it says",
  (_, service) => {
    // Not quite at a load's own p95, as limits that people write are not.
    const limitMs = 0.4 * trueP95(service, 19) + 0.6 * trueP95(service, 20);
    const truth = trueLimit(service, limitMs);
    const found = Array.from({ length: searches }, (__, seed) => searched(service, limitMs, seed));
    const inside = found.filter(({ low, high }) => (low ?? 0) <= truth && truth <= (high ?? settings.to));
    expect(inside.length).toBeGreaterThanOrEqual(0.9 * searches);
    // An answer that holds everything would be right, too.
    const told = found.filter(({ low, high }) => low !== null && high !== null);
    expect(told.length).toBeGreaterThan(searches / 2);
  },
);

test("a narrow answer where the service is steep", () => {
  const service = services["queues above 16"] as KnownService;
  const widths = Array.from({ length: 20 }, (_, seed) => {
    const { low, high } = searched(service, 1.25 * trueP95(service, 16), seed);
    return (high ?? Number.NaN) - (low ?? Number.NaN);
  });
  expect(widths.toSorted((a, b) => a - b)[10]).toBeLessThanOrEqual(3);
});

function searched(service: KnownService, limitMs: number, seed: number) {
  const rng = createRng(seed + 1);
  const slo = sloOf({ ttft_p95: `${limitMs.toFixed(3)}ms` });
  if (slo === null) throw new Error("no limit");
  const cells: ObservedCell[] = [];
  const memory = { tell: () => undefined, decisions: new Map() };
  for (;;) {
    const wanted = nextCells(cells, { slo, settings, arms: ["raw"] }, memory);
    if (wanted.length === 0) break;
    cells.push(...wanted.map((cell) => observed(service, cell, rng)));
  }
  const [arm] = capacityAnswer({ cells, slo, settings, gpus: null }).arms;
  if (arm === undefined) throw new Error("no answer");
  return arm;
}
