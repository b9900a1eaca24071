import { join } from "node:path";
import { processPart } from "../part.ts";
import { readyLineSchema } from "../simulated-engine.ts";
import { spawnManaged } from "../../supervisor/managed-process.ts";
import type { ArmTarget, ArmUpstream } from "./arm-target.ts";

/**
 * The placebo: a process that passes requests on and does nothing else. What it costs is what any gateway costs that is
 * a process of its own on this machine; a gateway's own share is what it costs beyond that.
 */
export async function startNullProxy(name: string, context: ArmUpstream): Promise<ArmTarget> {
  const { options } = context;
  const started = await spawnManaged(process.execPath, {
    name: `null proxy ${name}`,
    args: [new URL("null-proxy-program.ts", import.meta.url).pathname, context.engineUrl],
    environment: options.childEnvironment,
    logFile: join(options.logDirectory, `${name}.log`),
    readySchema: readyLineSchema,
    startTimeoutMs: options.experiment.limits.startSeconds * 1000,
    keeper: options.keeper,
    signal: options.signal,
  });
  context.own({ part: "gateway", arm: name, running: processPart(started) });
  return { url: started.ready.url, metricsUrl: null, apiKey: null, openSession: null };
}
