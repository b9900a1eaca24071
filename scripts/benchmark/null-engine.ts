import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readyLineSchema } from "../../bench/stack/own-program.ts";
import { spawnManaged } from "../../bench/supervisor/managed-process.ts";
import type { Workbench } from "./measurement.ts";

/** An engine that computes nothing, in a process of its own. */
export function nullEngine(
  { environment, scratch }: Pick<Workbench, "environment" | "scratch">,
  pace: { readonly chunks: number; readonly intervalMs: number },
) {
  return spawnManaged(process.execPath, {
    name: "null engine",
    args: [
      fileURLToPath(new URL("./null-engine-program.ts", import.meta.url)),
      String(pace.chunks),
      String(pace.intervalMs),
    ],
    environment,
    logFile: join(scratch, "null-engine.log"),
    readySchema: readyLineSchema,
    startTimeoutMs: 30_000,
  });
}
