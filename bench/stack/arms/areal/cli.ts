import type { ArealCliSpec } from "../../../config/areal-schema.ts";
import { armPorts, startProgram } from "../arm-program.ts";
import type { ArmContext, ArmPlace, ArmTarget } from "../arm-kind.ts";
import { arealTarget } from "./areal-target.ts";
import { arealVersion } from "./areal-version.ts";
import { arealEnvironment, arealTimeouts } from "./commands.ts";

/**
 * `areal inf run` in the foreground: router, gateway, and an engine of AReaL's own with its data proxy. The engine is
 * another one than the raw arm's, so the two can be compared as systems and not pair by pair.
 */
export async function startArealCli(spec: ArealCliSpec, context: ArmContext): Promise<ArmTarget> {
  const { agentEngine, adminKey, childEnvironment } = context;
  const [port = 0] = await armPorts(1, context);
  const url = `http://127.0.0.1:${port}`;
  await startProgram(
    {
      arm: spec.name,
      name: `${spec.name} inf run`,
      command: planArealCli(spec, { ...context, port, model: agentEngine.model }),
      environment: {
        ...arealEnvironment(spec, childEnvironment),
        ...(spec.gpus === undefined ? {} : { CUDA_VISIBLE_DEVICES: spec.gpus.join(",") }),
        // State of its own, so that it meets no service that somebody else runs under the same name.
        AREAL_HOME: `${context.logDirectory}/${spec.name}-home`,
      },
      ports: [port],
      // The gateway answers long before the model is loaded; the model is listed when it is.
      ready: { url: `${url}/v1/models`, status: 200, headers: { authorization: `Bearer ${adminKey}` } },
    },
    context,
  );
  const target = await arealTarget(
    { arm: spec.name, url, adminKey, tokenizerPath: spec.modelPath, dataProxyUrls: [] },
    context,
  );
  return { ...target, version: await arealVersion(spec, childEnvironment) };
}

type ArealCliPlace = Pick<ArmPlace, "port" | "adminKey" | "model" | "callSeconds" | "startSeconds">;

/** In the foreground: detached it would leave the run. Its gateway waits 120 s, which no flag changes. */
export function planArealCli(spec: ArealCliSpec, place: ArealCliPlace): string[] {
  const { requestSeconds } = arealTimeouts(spec, place.callSeconds);
  const proxyArguments = [
    `--request-timeout ${requestSeconds}`,
    `--tool-call-parser ${spec.toolCallParser}`,
    `--reasoning-parser ${spec.reasoningParser}`,
    ...(spec.engineMaxTokens === undefined ? [] : [`--engine-max-tokens ${spec.engineMaxTokens}`]),
  ].join(" ");
  const flags = [
    ["--host", "127.0.0.1"],
    ["--port", String(place.port)],
    ["--admin-api-key", place.adminKey],
    ["--model", place.model],
    ["--backend", spec.backend],
    ["--model-path", spec.modelPath],
    ["--model-health-timeout", String(place.startSeconds)],
    ["--proxy-args", proxyArguments],
    spec.engineArguments === "" ? [] : ["--engine-args", spec.engineArguments],
  ];
  return [spec.python, "-m", "areal.v2.cli", "inf", "run", ...flags.flat()];
}
