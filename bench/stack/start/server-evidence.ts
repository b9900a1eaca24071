import { join } from "node:path";
import { keepEngineEvidence, keepNext } from "../evidence/engine-evidence.ts";
import { enginesOf, type RunningStack } from "../stack.ts";

/**
 * `evidence/servers/<role>.json`: what a server says about itself once it runs, keys redacted; `<role>-1.json` and so on
 * for those that a resumed run met, `agent--<variant>.json` of a variant; `arm-<name>.json`: which version of somebody else's gateway an arm is. Servers that the
 * stack starts in containers or by command line are described there by itself, at every start.
 */
export async function keepServerEvidence(
  stack: RunningStack,
  options: {
    readonly directory: string;
    readonly variant?: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { signal, variant } = options;
  const directory = join(options.directory, "servers");
  for (const { spec, version } of stack.arms) {
    if (version === undefined) continue;
    const kept = {
      v: 1,
      arm: spec.name,
      kind: spec.kind,
      version,
      ...(variant !== undefined && { variant }),
    };
    await keepNext(directory, `arm-${spec.name}`, `${JSON.stringify(kept, null, 2)}\n`);
  }
  if (stack.kind === "docker" || stack.kind === "process") return;
  for (const engine of enginesOf(stack)) {
    await keepEngineEvidence(engine, { directory, signal, variant });
  }
}
