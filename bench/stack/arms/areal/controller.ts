import { delimiter, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { ArealControllerSpec } from "../../../config/areal-schema.ts";
import { processPart } from "../../part.ts";
import { readyLineSchema } from "../../own-program.ts";
import { spawnManaged } from "../../../supervisor/managed-process.ts";
import type { ArmContext, ArmTarget } from "../arm-kind.ts";
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
  context: ArmContext,
): Promise<ArmTarget> {
  const { agentEngine, adminKey, childEnvironment, startSeconds } = context;
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
    requestSeconds: arealTimeouts(spec, context.callSeconds).forwardSeconds,
    startSeconds,
    folder: join(context.logDirectory, `${spec.name}-files`),
  };
  const started = await spawnManaged(spec.python, {
    name: `${spec.name} controller`,
    args: [fileURLToPath(new URL("controller.py", import.meta.url))],
    environment: {
      ...childEnvironment,
      ...arealEnvironment(spec, childEnvironment),
      ...interpreterFirst(spec.python, childEnvironment["PATH"] ?? ""),
      TOLLGATE_AREAL_CONTROLLER: JSON.stringify(settings),
    },
    logFile: join(context.logDirectory, `${spec.name}-controller.log`),
    readySchema: controllerReady,
    startTimeoutMs: startSeconds * 1000,
    stopGraceMs: 20_000,
    keeper: context.keeper,
    signal: context.signal,
  });
  context.own({ part: "gateway", arm: spec.name, running: processPart(started) });
  const { url, dataProxyUrls } = started.ready;
  const target = await arealTarget(
    { arm: spec.name, url, adminKey, tokenizerPath: spec.tokenizerPath, dataProxyUrls },
    context,
  );
  return { ...target, version: await arealVersion(spec, childEnvironment) };
}

/** AReaL starts its workers as `python`, whichever that is: it has to be the one that can import AReaL. */
function interpreterFirst(python: string, path: string): Record<string, string> {
  return isAbsolute(python) ? { PATH: [dirname(python), path].join(delimiter) } : {};
}
