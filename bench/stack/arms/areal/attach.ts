import type { ArealUrlSpec } from "../../../config/areal-schema.ts";
import type { ArmContext, ArmTarget } from "../arm-kind.ts";
import { keyOf } from "../command-arm.ts";
import { arealTarget } from "./areal-target.ts";

/** A gateway of AReaL that somebody else started. */
export async function attachAreal(spec: ArealUrlSpec, context: ArmContext): Promise<ArmTarget> {
  const { name: arm, dataProxyUrls } = spec;
  const adminKey = keyOf({ name: arm, apiKeyEnv: spec.adminKeyEnv }, context.environment) ?? "";
  const url = spec.url.replace(/\/+$/, "");
  return arealTarget({ arm, url, adminKey, tokenizerPath: null, dataProxyUrls }, context);
}
