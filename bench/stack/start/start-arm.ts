import type { ArmSpec } from "../../config/arm-schema.ts";
import { StartError } from "../../errors.ts";
import type { TapClient } from "../../tap/client.ts";
import type { ArmContext } from "../arms/arm-kind.ts";
import type { ArmSession, FailedArm, RunningArm } from "../stack.ts";
import { armKindOf } from "./arm-kinds.ts";

type StartContext = Omit<ArmContext, "engineUrl">;

/**
 * Starts one arm after the other. One that does not start is no reason to say nothing of the others: all are tried, so that
 * one look shows everything that has to be put right.
 */
export async function startArms(
  specs: readonly ArmSpec[],
  tap: TapClient,
  contextOf: (index: number) => StartContext,
): Promise<{ readonly arms: readonly RunningArm[]; readonly failedArms: readonly FailedArm[] }> {
  const arms: RunningArm[] = [];
  const failedArms: FailedArm[] = [];
  for (const [index, spec] of specs.entries()) {
    const context = contextOf(index);
    try {
      arms.push(await startArm(spec, tap, context));
    } catch (thrown) {
      if (!(thrown instanceof StartError) || context.signal.aborted) throw thrown;
      context.tell(`arm ${spec.name} did not start; the other arms are started and asked all the same`);
      failedArms.push({ arm: spec.name, message: thrown.message });
    }
  }
  return { arms, failedArms };
}

/** Both arms pass both taps, so that what the taps cost cancels in every comparison. */
export async function startArm(spec: ArmSpec, tap: TapClient, context: StartContext): Promise<RunningArm> {
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
    ...(target.headers === undefined ? {} : { headers: target.headers }),
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
