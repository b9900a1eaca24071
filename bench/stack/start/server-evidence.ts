import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readServerInfo } from "../docker/server-info.ts";
import { enginesOf, type RunningStack } from "../stack.ts";

/**
 * `evidence/servers/<role>.json`: what a server says about itself once it runs, keys redacted; `<role>-1.json` and so on
 * for those that a resumed run met; `arm-<name>.json`: which version of somebody else's gateway an arm is. Servers in containers are described there by the stack itself, with image and argv.
 */
export async function keepServerEvidence(
  stack: RunningStack,
  options: { readonly directory: string; readonly signal: AbortSignal },
): Promise<void> {
  const directory = join(options.directory, "servers");
  await mkdir(directory, { recursive: true });
  for (const { spec, version } of stack.arms) {
    if (version === undefined) continue;
    const kept = { v: 1, arm: spec.name, kind: spec.kind, version };
    await writeNext(directory, `arm-${spec.name}`, `${JSON.stringify(kept, null, 2)}\n`);
  }
  if (stack.kind === "docker") return;
  for (const engine of enginesOf(stack)) {
    const { role, model, simulated, identity } = engine;
    const kept = {
      v: 1,
      role,
      url: engine.url,
      model,
      simulated,
      identity,
      serverInfo: await readServerInfo(engine.url, { apiKey: engine.apiKey, signal: options.signal }),
    };
    await writeNext(directory, role, `${JSON.stringify(kept, null, 2)}\n`);
  }
}

/** Under the first name that is free: what an earlier invocation met is not overwritten. */
async function writeNext(directory: string, what: string, text: string): Promise<void> {
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
