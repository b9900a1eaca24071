import type { RawArmSpec, UrlArmSpec } from "../../config/arm-schema.ts";
import type { ArmKind } from "./arm-kind.ts";
import { keyOf } from "./command-arm.ts";

/** The engine behind both taps and nothing else. */
export const rawArm: ArmKind<RawArmSpec> = {
  start: (_spec, { engineUrl }) =>
    Promise.resolve({ url: engineUrl, metricsUrl: null, apiKey: null, openSession: null }),
  innerTap: ({ innerTap }) => (innerTap === false ? null : {}),
};

/** A gateway that runs already. Its upstream is not ours to set, unless somebody pointed it at a port of ours. */
export const urlArm: ArmKind<UrlArmSpec> = {
  start: (spec, { environment }) =>
    Promise.resolve({
      url: spec.url.replace(/\/+$/, ""),
      metricsUrl: spec.metricsUrl ?? null,
      apiKey: keyOf(spec, environment),
      headers: spec.headers,
      openSession: null,
    }),
  innerTap: ({ innerTapPort }) => (innerTapPort === undefined ? null : { port: innerTapPort }),
};
