import { assert, integer, property, record } from "fast-check";
import { expect, test } from "vitest";
import { batchesOf } from "../../../bench/mlflow/client/batches.ts";
import { checkBatch } from "../fake-rules.ts";

const point = (index: number) => ({ key: `m${index % 700}`, value: index, step: index, atMs: 1 });
const pairs = (count: number, characters: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, "ä".repeat(characters)]));

test("whatever there is to log, every batch is one that a server takes, and everything is in one of them, in its order", () => {
  assert(
    property(
      record({
        metrics: integer({ min: 0, max: 3200 }),
        params: integer({ min: 0, max: 320 }),
        tags: integer({ min: 0, max: 320 }),
        characters: integer({ min: 0, max: 5000 }),
      }),
      ({ metrics, params, tags, characters }) => {
        const loggable = {
          metrics: Array.from({ length: metrics }, (_, index) => point(index)),
          params: pairs(params, characters),
          tags: pairs(tags, Math.floor(characters / 2)),
        };
        const batches = batchesOf(loggable);
        for (const batch of batches)
          checkBatch(Buffer.byteLength(JSON.stringify({ run_id: "a".repeat(32), ...batch })), batch);
        expect(batches.flatMap((batch) => batch.metrics.map(({ step }) => step))).toEqual(
          loggable.metrics.map(({ step }) => step),
        );
        const all = (kind: "params" | "tags") =>
          Object.fromEntries(batches.flatMap((batch) => batch[kind].map(({ key, value }) => [key, value])));
        expect(all("params")).toEqual(loggable.params);
        expect(all("tags")).toEqual(loggable.tags);
        expect(batches.length).toBeLessThanOrEqual(4 + metrics / 900 + (params + tags) / 50);
      },
    ),
    { numRuns: 40 },
  );
});

test("nothing to log makes no batch", () => {
  expect(batchesOf({ metrics: [], params: {}, tags: {} })).toEqual([]);
});
