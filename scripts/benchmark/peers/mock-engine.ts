import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { readyLineSchema } from "../../../bench/stack/own-program.ts";
import { spawnManaged } from "../../../bench/supervisor/managed-process.ts";
import type { Workbench } from "../measurement.ts";

const stampsSchema = z.object({
  arrivalNs: z.array(z.number()),
  firstSentNs: z.array(z.number().nullable()),
});
export type Stamps = z.infer<typeof stampsSchema>;

export interface MockEngine extends AsyncDisposable {
  readonly url: string;
  /** What arrived since the last call. */
  stamps(): Promise<Stamps>;
}

/** The server that all generators are sent against, in a process of its own. */
export async function startMockEngine(
  bench: Pick<Workbench, "environment" | "scratch">,
  pace: { readonly firstMs: number; readonly gapMs: number; readonly tokens: number },
): Promise<MockEngine> {
  const managed = await spawnManaged(process.execPath, {
    name: "mock engine",
    args: [
      fileURLToPath(new URL("./mock-engine-program.ts", import.meta.url)),
      String(pace.firstMs),
      String(pace.gapMs),
      String(pace.tokens),
    ],
    environment: bench.environment,
    logFile: join(bench.scratch, "mock-engine.log"),
    readySchema: readyLineSchema,
    startTimeoutMs: 30_000,
  });
  const { url } = managed.ready;
  return {
    url,
    stamps: async () => stampsSchema.parse(await (await fetch(`${url}/stamps`)).json()),
    [Symbol.asyncDispose]: () => managed[Symbol.asyncDispose](),
  };
}
