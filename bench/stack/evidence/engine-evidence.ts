import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readServerInfo } from "../docker/server-info.ts";
import type { Engine } from "../engine.ts";

/**
 * `<role>.json`: what a server says about itself once it runs, keys redacted. `more` is what the stack knows of it.
 * @param directory `evidence/servers`
 */
export async function keepEngineEvidence(
  engine: Engine,
  options: {
    readonly directory: string;
    readonly signal: AbortSignal;
    readonly more?: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const { role, url, model, identity, processIdentity } = engine;
  const serverInfo = await readServerInfo(url, { apiKey: engine.apiKey, signal: options.signal });
  const { simulated } = identity;
  const kept = { v: 1, role, url, model, simulated, identity, processIdentity, ...options.more, serverInfo };
  await keepNext(options.directory, role, `${JSON.stringify(kept, null, 2)}\n`);
}

/** Under the first name that is free: what an earlier invocation met is not overwritten. */
export async function keepNext(directory: string, what: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (let count = 0; ; count += 1) {
    const name = count === 0 ? `${what}.json` : `${what}-${count}.json`;
    try {
      await writeFile(join(directory, name), text, { flag: "wx" });
      return;
    } catch (thrown) {
      if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) throw thrown;
    }
  }
}
