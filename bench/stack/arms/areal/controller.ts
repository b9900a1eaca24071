import { delimiter, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { ArealControllerSpec } from "../../../config/areal-schema.ts";
import { processPart } from "../../part.ts";
import { readyLineSchema } from "../../simulated-engine.ts";
import { spawnManaged } from "../../../supervisor/managed-process.ts";
import type { ArmTarget, ArmUpstream } from "../arm-target.ts";
import { arealTarget } from "./areal-target.ts";
import { arealVersion } from "./areal-version.ts";
import { arealEnvironment, arealTimeouts } from "./commands.ts";
import { contextLength } from "./context-length.ts";

const controllerReady = readyLineSchema.extend({ dataProxyUrls: z.array(z.url()) });

/**
 * AReaL's own controller, which starts guard, router, data proxy and gateway as training does, in front of the
 * experiment's engine. It gives the gateway the same time-out as the data proxy, so the agent has to give up first.
 */
export async function startArealController(
  spec: ArealControllerSpec,
  context: ArmUpstream,
): Promise<ArmTarget> {
  const { options, agentEngine } = context;
  const { adminKey } = options;
  const { limits } = options.experiment;
  const engine = new URL(context.engineUrl);
  const settings = {
    adminKey,
    model: agentEngine.model,
    engineHost: engine.hostname,
    enginePort: Number(engine.port),
    tokenizerPath: spec.tokenizerPath,
    toolCallParser: spec.toolCallParser,
    reasoningParser: spec.reasoningParser,
    engineMaxTokens: spec.engineMaxTokens ?? (await contextLength(agentEngine, spec.name)),
    requestSeconds: arealTimeouts(spec, limits.callSeconds).forwardSeconds,
    startSeconds: limits.startSeconds,
    folder: join(options.logDirectory, `${spec.name}-files`),
  };
  const started = await spawnManaged(spec.python, {
    name: `${spec.name} controller`,
    args: [fileURLToPath(new URL("controller.py", import.meta.url))],
    environment: {
      ...options.childEnvironment,
      ...arealEnvironment(spec, options.childEnvironment),
      ...interpreterFirst(spec.python, options.childEnvironment["PATH"] ?? ""),
      TOLLGATE_AREAL_CONTROLLER: JSON.stringify(settings),
    },
    logFile: join(options.logDirectory, `${spec.name}-controller.log`),
    readySchema: controllerReady,
    startTimeoutMs: limits.startSeconds * 1000,
    stopGraceMs: 20_000,
    keeper: options.keeper,
    signal: options.signal,
  });
  context.own({ part: "gateway", arm: spec.name, running: processPart(started) });
  const { url, dataProxyUrls } = started.ready;
  const target = await arealTarget(
    { arm: spec.name, url, adminKey, tokenizerPath: spec.tokenizerPath, dataProxyUrls },
    context,
  );
  return { ...target, version: await arealVersion(spec, options.childEnvironment) };
}

/** AReaL starts its workers as `python`, whichever that is: it has to be the one that can import AReaL. */
function interpreterFirst(python: string, path: string): Record<string, string> {
  return isAbsolute(python) ? { PATH: [dirname(python), path].join(delimiter) } : {};
}
