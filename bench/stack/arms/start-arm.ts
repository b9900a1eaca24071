import type { ArmSpec, GatewayArmSpec } from "../../config/arm-schema.ts";
import { processPart } from "../part.ts";
import type { ArmSession, RunningArm } from "../stack.ts";
import { startAreal } from "./areal/areal-arm.ts";
import type { ArmContext, ArmTarget, ArmUpstream } from "./arm-target.ts";
import { keyOf, startCommand } from "./command-arm.ts";
import { startNullProxy } from "./null-proxy.ts";
import { startContainedGateway, startGateway } from "./recording-gateway.ts";
import { startSglRouter } from "./sgl-router.ts";

/** Both arms pass both taps, so that what the taps cost cancels in every comparison. */
export async function startArm(spec: ArmSpec, context: ArmContext): Promise<RunningArm> {
  const { tap, agentEngine } = context;
  const tapped = innerTap(spec);
  const engineUrl =
    tapped === null
      ? agentEngine.url
      : await tap.listen({
          name: `inner:${spec.name}`,
          hop: "inner",
          arm: spec.name,
          upstream: agentEngine.url,
          ...tapped,
        });
  const target = await armTarget(spec, { ...context, engineUrl });
  const outer = await tap.listen({
    name: `outer:${spec.name}`,
    hop: "outer",
    arm: spec.name,
    upstream: target.url,
  });
  return {
    spec,
    baseUrl: `${outer}/v1`,
    innerTapped: tapped !== null,
    metricsUrl: target.metricsUrl,
    leftovers: target.leftovers ?? null,
    ...(target.version === undefined ? {} : { version: target.version }),
    openSession:
      target.openSession ?? (() => Promise.resolve(plainSession(target.apiKey ?? agentEngine.apiKey))),
  };
}

/** null where the gateway's upstream is not ours to set and nobody pointed it at a port of ours. */
function innerTap(spec: ArmSpec): { readonly port?: number } | null {
  if (spec.kind === "url" || (spec.kind === "areal" && spec.mode === "url")) {
    return spec.innerTapPort === undefined ? null : { port: spec.innerTapPort };
  }
  return spec.kind === "areal" && spec.mode === "cli" ? null : {};
}

async function armTarget(spec: ArmSpec, context: ArmUpstream): Promise<ArmTarget> {
  const plain = { metricsUrl: null, apiKey: null, openSession: null };
  switch (spec.kind) {
    case "raw":
      return { ...plain, url: context.engineUrl };
    case "url":
      return {
        url: spec.url.replace(/\/+$/, ""),
        metricsUrl: spec.metricsUrl ?? null,
        apiKey: keyOf(spec, context.options.environment),
        openSession: null,
      };
    case "gateway":
      return recordingGateway(spec, context);
    case "null-proxy":
      return startNullProxy(spec.name, context);
    case "command":
      return startCommand(spec, context);
    case "sgl-router":
      return startSglRouter(spec, context);
    case "areal":
      return startAreal(spec, context);
  }
}

async function recordingGateway(spec: GatewayArmSpec, context: ArmUpstream): Promise<ArmTarget> {
  const { image } = spec;
  if (image !== undefined) {
    const contained = await startContainedGateway({ ...spec, image }, context);
    return { ...contained, metricsUrl: `${contained.url}/metrics`, apiKey: null };
  }
  const { process, openSession } = await startGateway(spec, {
    ...context.options,
    engineUrl: context.engineUrl,
    engineKey: context.agentEngine.apiKey,
  });
  context.own({ part: "gateway", arm: spec.name, running: processPart(process) });
  return { url: process.ready.url, metricsUrl: `${process.ready.url}/metrics`, apiKey: null, openSession };
}

function plainSession(apiKey: string): ArmSession {
  return {
    apiKey,
    startMs: null,
    close: () => Promise.resolve({ rewardMs: null, exportMs: null, interactions: null, recorded: null }),
  };
}
