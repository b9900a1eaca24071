import type { ArmSpec } from "../../config/arm-schema.ts";
import { arealArm } from "../arms/areal/areal-kind.ts";
import type { ArmKind } from "../arms/arm-kind.ts";
import { commandArm } from "../arms/command-arm.ts";
import { nullProxyArm } from "../arms/null-proxy.ts";
import { rawArm, urlArm } from "../arms/plain-arms.ts";
import { recordingGatewayArm } from "../arms/recording-gateway.ts";
import { sglRouterArm } from "../arms/sgl-router.ts";

type SpecOf<Kind extends ArmSpec["kind"]> = Extract<ArmSpec, { readonly kind: Kind }>;

/**
 * Every kind of arm. A new one is three things: its schema in `bench/config/arm-schema.ts`, a file in `bench/stack/arms/`
 * with its `ArmKind`, and a line here.
 */
const armKinds: { readonly [Kind in ArmSpec["kind"]]: ArmKind<SpecOf<Kind>> } = {
  raw: rawArm,
  url: urlArm,
  gateway: recordingGatewayArm,
  "null-proxy": nullProxyArm,
  command: commandArm,
  "sgl-router": sglRouterArm,
  areal: arealArm,
};

export function armKindOf<Spec extends ArmSpec>(spec: Spec): ArmKind<Spec> {
  // The table's type says that a kind's entry takes specs of that kind; TypeScript loses it in the look-up.
  return armKinds[spec.kind] as ArmKind<Spec>;
}
