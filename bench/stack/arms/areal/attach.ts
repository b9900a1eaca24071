import type { ArealUrlSpec } from "../../../config/areal-schema.ts";
import type { ArmTarget, ArmUpstream } from "../arm-target.ts";
import { keyOf } from "../command-arm.ts";
import { arealSessions } from "./sessions.ts";

/** A gateway of AReaL that somebody else started. */
export async function attachAreal(spec: ArealUrlSpec, context: ArmUpstream): Promise<ArmTarget> {
  const adminKey = keyOf({ name: spec.name, apiKeyEnv: spec.adminKeyEnv }, context.options.environment) ?? "";
  const url = spec.url.replace(/\/+$/, "");
  const gateway = { arm: spec.name, url, adminKey, tokenizerPath: null };
  return { url, metricsUrl: null, apiKey: null, openSession: await arealSessions(gateway, context) };
}
