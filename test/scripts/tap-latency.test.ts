import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { measureAddedLatency } from "../../scripts/benchmark/tap-latency.ts";

test("every chunk of every stream is measured, straight and through the tap", async () => {
  const directory = mkdtempSync(join(tmpdir(), "tollgate-test-"));
  try {
    const { chunks, requests } = await measureAddedLatency({
      streams: 3,
      chunksPerStream: 5,
      chunkIntervalMs: 2,
      requestBytes: 1_000,
      requestsPerStream: 2,
      blocks: 1,
      environment: {},
      scratch: directory,
    });
    // Two batches through the hop in the one block.
    expect([chunks.count, requests.count]).toEqual([2 * 3 * 2 * 5, 2 * 3 * 2]);
    expect(chunks.added.p50).toBeCloseTo(chunks.hop.p50 - chunks.direct.p50, 9);
    expect(Math.min(chunks.direct.p50, requests.direct.p50)).toBeGreaterThan(0);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
