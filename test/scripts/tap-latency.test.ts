import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { measureAddedLatency, tapHop } from "../../scripts/benchmark/tap-latency.ts";

test("every chunk of every stream is measured, straight and through two taps in turn", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tollgate-test-"));
  try {
    const load = {
      streams: 3,
      chunksPerStream: 5,
      chunkIntervalMs: 2,
      requestBytes: 1_000,
      requestsPerStream: 2,
      blocks: 1,
      environment: {},
      scratch: directory,
    };
    const hop = (url: string) => tapHop(url, load);
    const added = await measureAddedLatency(load, hop, hop);
    expect(added).toHaveLength(2);
    for (const { chunks, requests } of added) {
      // Two batches through each hop in the one block.
      expect([chunks.count, requests.count]).toEqual([2 * 3 * 2 * 5, 2 * 3 * 2]);
      expect(chunks.added.p50).toBeCloseTo(chunks.hop.p50 - chunks.direct.p50, 9);
      expect(Math.min(chunks.direct.p50, requests.direct.p50)).toBeGreaterThan(0);
    }
    const [first, second] = added;
    expect(first?.chunks.direct).toEqual(second?.chunks.direct);
    expect(first?.chunks.hop).not.toEqual(second?.chunks.hop);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
