import type { ArealArmSpec } from "../../../config/areal-schema.ts";
import { StartError } from "../../../errors.ts";
import type { ArmTarget, ArmUpstream } from "../arm-target.ts";
import { attachAreal } from "./attach.ts";
import { startArealManual } from "./manual.ts";

/** AReaL's inference service as an arm, in the mode that the experiment names. */
export async function startAreal(spec: ArealArmSpec, context: ArmUpstream): Promise<ArmTarget> {
  switch (spec.mode) {
    case "manual":
      return startArealManual(spec, context);
    case "url":
      return attachAreal(spec, context);
    default:
      throw new StartError(spec.name, `Arm ${spec.name}: mode ${spec.mode} cannot be started yet.`);
  }
}
