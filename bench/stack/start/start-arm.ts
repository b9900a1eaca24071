import type { ArmSpec } from "../../config/arm-schema.ts";
import type { TapClient } from "../../tap/client.ts";
import type { ArmContext } from "../arms/arm-kind.ts";
import type { ArmSession, RunningArm } from "../stack.ts";
import { armKindOf } from "./arm-kinds.ts";

/** Both arms pass both taps, so that what the taps cost cancels in every comparison. */
export async function startArm(
  spec: ArmSpec,
  tap: TapClient,
  context: Omit<ArmContext, "engineUrl">,
): Promise<RunningArm> {
  const { agentEngine } = context;
  const kind = armKindOf(spec);
  const innerTap = kind.innerTap === undefined ? {} : kind.innerTap(spec);
  const tapped = { arm: spec.name, upstream: agentEngine.url };
  const engineUrl =
    innerTap === null
      ? agentEngine.url
      : await tap.listen({ name: `inner:${spec.name}`, hop: "inner", ...tapped, ...innerTap });
  const target = await kind.start(spec, { ...context, engineUrl });
  const outer = await tap.listen({
    name: `outer:${spec.name}`,
    hop: "outer",
    arm: spec.name,
    upstream: target.url,
  });
  return {
    spec,
    baseUrl: `${outer}/v1`,
    innerTapped: innerTap !== null,
    metricsUrl: target.metricsUrl,
    unclosedSessions: target.unclosedSessions ?? null,
    ...(target.version === undefined ? {} : { version: target.version }),
    openSession:
      target.openSession ?? (() => Promise.resolve(plainSession(target.apiKey ?? agentEngine.apiKey))),
  };
}

function plainSession(apiKey: string): ArmSession {
  return {
    apiKey,
    startMs: null,
    close: () => Promise.resolve({ rewardMs: null, exportMs: null, interactions: null, recorded: null }),
  };
}
