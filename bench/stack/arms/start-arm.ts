import type { ArmSpec } from "../../config/arm-schema.ts";
import { StartError } from "../../errors.ts";
import type { TapClient } from "../../tap/client.ts";
import type { Engine } from "../engine.ts";
import { processPart, type Own } from "../part.ts";
import type { ArmSession, RunningArm } from "../stack.ts";
import type { StartStackOptions } from "../start-stack.ts";
import { startGateway } from "./recording-gateway.ts";

export interface ArmContext {
  readonly options: StartStackOptions;
  readonly tap: TapClient;
  readonly agentEngine: Engine;
  readonly own: Own;
}

/** Both arms pass both taps, so that what the taps cost cancels in every comparison. */
export async function startArm(spec: ArmSpec, context: ArmContext): Promise<RunningArm> {
  const { tap, agentEngine, options } = context;
  const inner =
    spec.kind === "url"
      ? null
      : await tap.listen({
          name: `inner:${spec.name}`,
          hop: "inner",
          arm: spec.name,
          upstream: agentEngine.url,
        });
  const target = await armTarget(spec, { ...context, inner });
  const outer = await tap.listen({
    name: `outer:${spec.name}`,
    hop: "outer",
    arm: spec.name,
    upstream: target.url,
  });
  return {
    spec,
    baseUrl: `${outer}/v1`,
    innerTapped: inner !== null,
    metricsUrl: target.metricsUrl,
    openSession:
      target.openSession ?? (() => Promise.resolve(plainSession(keyOf(spec, options) ?? agentEngine.apiKey))),
  };
}

interface ArmTarget {
  readonly url: string;
  readonly metricsUrl: string | null;
  readonly openSession: ((attemptKey: string) => Promise<ArmSession>) | null;
}

async function armTarget(
  spec: ArmSpec,
  context: ArmContext & { readonly inner: string | null },
): Promise<ArmTarget> {
  if (spec.kind === "url") return { url: spec.url.replace(/\/+$/, ""), metricsUrl: null, openSession: null };
  const inner = context.inner ?? context.agentEngine.url;
  if (spec.kind === "raw") return { url: inner, metricsUrl: null, openSession: null };
  if (spec.kind !== "gateway") {
    throw new StartError(
      spec.name,
      `Arm ${spec.name}: kind ${spec.kind} can be planned but not started yet.`,
    );
  }
  const { process, openSession } = await startGateway(spec, {
    ...context.options,
    engineUrl: inner,
    engineKey: context.agentEngine.apiKey,
  });
  context.own({ part: "gateway", arm: spec.name, running: processPart(process) });
  return { url: process.ready.url, metricsUrl: `${process.ready.url}/metrics`, openSession };
}

function keyOf(spec: ArmSpec, options: StartStackOptions): string | undefined {
  return spec.kind === "url" && spec.apiKeyEnv ? options.environment[spec.apiKeyEnv] : undefined;
}

function plainSession(apiKey: string): ArmSession {
  return {
    apiKey,
    startMs: null,
    close: () => Promise.resolve({ rewardMs: null, exportMs: null, interactions: null, recorded: null }),
  };
}
