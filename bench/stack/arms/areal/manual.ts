import type { ArealManualSpec } from "../../../config/areal-schema.ts";
import { armPorts, startProgram } from "../arm-program.ts";
import type { ArmContext, ArmPlace, ArmTarget, PlannedStep } from "../arm-kind.ts";
import { arealCommands, arealEnvironment } from "./commands.ts";
import { contextLength } from "./context-length.ts";
import { registerDataProxy, registrations } from "./register.ts";
import { arealTarget } from "./areal-target.ts";
import { arealVersion } from "./areal-version.ts";

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
  const start = async (name: string, command: readonly string[], port: number) => {
    const url = `http://127.0.0.1:${port}`;
    const environment = arealEnvironment(spec, childEnvironment);
    const ready = { url: `${url}/health`, status: 200 };
    const { image, volumes } = spec;
    const program = { arm: spec.name, name: `${spec.name} ${name}`, command, environment, ready };
    await startProgram({ ...program, image, volumes, ports: [port] }, context);
    return url;
  };
  // Python takes seconds to import what each needs, so they start together; nothing is asked of one before all are up.
  const [routerUrl = "", dataProxyUrl = "", gatewayUrl = ""] = await allStarted([
    start("router", commands.router, routerPort),
    start("data proxy", commands.dataProxy, dataProxyPort),
    start("gateway", commands.gateway, gatewayPort),
  ]);
  await registerDataProxy({
    arm: spec.name,
    adminKey,
    routerUrl,
    dataProxyUrl,
    gatewayUrl,
    model: agentEngine.model,
  });
  const target = await arealTarget(
    {
      arm: spec.name,
      url: gatewayUrl,
      adminKey,
      tokenizerPath: spec.tokenizerPath,
      dataProxyUrls: [dataProxyUrl],
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

/** All are waited for: one that comes up while another fails has to be stopped with the rest. */
async function allStarted(starts: readonly Promise<string>[]): Promise<string[]> {
  return (await Promise.allSettled(starts)).map((start) => {
    if (start.status === "rejected") throw start.reason;
    return start.value;
  });
}
