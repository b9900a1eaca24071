import type { ArealManualSpec } from "../../../config/areal-schema.ts";
import { armPorts, startProgram } from "../arm-program.ts";
import type { ArmContext, ArmPlace, ArmTarget, PlannedStep } from "../arm-kind.ts";
import { arealCommands, arealEnvironment } from "./commands.ts";
import { startTogether } from "../../start-together.ts";
import { contextLength } from "./context-length.ts";
import { registerDataProxy, registrations } from "./register.ts";
import { arealTarget } from "./areal-target.ts";
import { arealVersion } from "./areal-version.ts";

interface Service {
  readonly command: readonly string[];
  readonly port: number;
  readonly signal: AbortSignal;
}

/**
 * AReaL's three services one by one, in front of the experiment's engine: the mode in which an arm can be compared with
 * `raw` pair by pair. Router, data proxy and registration, then gateway and model.
 */
export async function startArealManual(spec: ArealManualSpec, context: ArmContext): Promise<ArmTarget> {
  const { agentEngine, adminKey, childEnvironment } = context;
  const [routerPort = 0, dataProxyPort = 0, gatewayPort = 0] = await armPorts(3, context);
  const commands = arealCommands(spec, {
    engineUrl: context.engineUrl,
    adminKey,
    engineMaxTokens: spec.engineMaxTokens ?? (await contextLength(agentEngine, spec.name)),
    callSeconds: context.callSeconds,
    routerPort,
    dataProxyPort,
    gatewayPort,
  });
  const start = async (name: string, { command, port, signal }: Service) => {
    const url = `http://127.0.0.1:${port}`;
    const environment = arealEnvironment(spec, childEnvironment);
    const ready = { url: `${url}/health`, status: 200 };
    const { image, volumes } = spec;
    const program = { arm: spec.name, name: `${spec.name} ${name}`, command, environment, ready };
    await startProgram({ ...program, image, volumes, ports: [port] }, { ...context, signal });
    return url;
  };
  // Python takes seconds to import what each needs, so they start together; nothing is asked of one before all are up.
  const urls = await startTogether(
    {
      routerUrl: (signal) => start("router", { command: commands.router, port: routerPort, signal }),
      dataProxyUrl: (signal) =>
        start("data proxy", { command: commands.dataProxy, port: dataProxyPort, signal }),
      gatewayUrl: (signal) => start("gateway", { command: commands.gateway, port: gatewayPort, signal }),
    },
    context.signal,
  );
  await registerDataProxy({ arm: spec.name, adminKey, model: agentEngine.model, ...urls });
  const target = await arealTarget(
    {
      arm: spec.name,
      url: urls.gatewayUrl,
      adminKey,
      tokenizerPath: spec.tokenizerPath,
      dataProxyUrls: [urls.dataProxyUrl],
    },
    context,
  );
  return { ...target, version: await arealVersion(spec, childEnvironment) };
}

/** The same by hand: `curl` does what `registerDataProxy` does. */
export function planArealManual(spec: ArealManualSpec, place: ArmPlace): readonly PlannedStep[] {
  const [routerPort, dataProxyPort, gatewayPort] = [place.port, place.port + 1, place.port + 2];
  const services = arealCommands(spec, {
    ...place,
    engineMaxTokens: place.contextLength ?? "$CONTEXT_LENGTH",
    routerPort,
    dataProxyPort,
    gatewayPort,
  });
  const [atRouter, atGateway] = registrations({
    routerUrl: `http://127.0.0.1:${routerPort}`,
    dataProxyUrl: `http://127.0.0.1:${dataProxyPort}`,
    gatewayUrl: `http://127.0.0.1:${gatewayPort}`,
    model: place.model,
  }).map(
    ({ url, body }) =>
      `curl -sS -H "Authorization: Bearer ${place.adminKey}" -H 'content-type: application/json' -d '${JSON.stringify(body)}' ${url}`,
  );
  return [services.router, services.dataProxy, atRouter ?? "", services.gateway, atGateway ?? ""];
}
