import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LoadThread } from "../../bench/load/load-thread.ts";
import { readProcessorTime } from "../../bench/measure/stolen-time.ts";
import type { SelftestStack } from "../../bench/selftest/selftest-stack.ts";

/** A stack whose processes end, and whose files go, with the variable that holds it. */
export function testStack(): SelftestStack & AsyncDisposable {
  const directory = mkdtempSync(join(tmpdir(), "tollgate-test-"));
  const sender = new LoadThread(process.env);
  return {
    environment: { PATH: process.env["PATH"] ?? "" },
    directory,
    sender,
    processors: () => readProcessorTime(),
    pauseMs: 100,
    announce: () => undefined,
    scheduling: new Map(),
    async [Symbol.asyncDispose]() {
      await sender[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true });
    },
  };
}
