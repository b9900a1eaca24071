import type { ArealArmSpec } from "../../../config/areal-schema.ts";
import type { ArmTarget, ArmUpstream } from "../arm-target.ts";
import { attachAreal } from "./attach.ts";
import { startArealCli } from "./cli.ts";
import { startArealController } from "./controller.ts";
import { startArealManual } from "./manual.ts";

/** AReaL's inference service as an arm, in the mode that the experiment names. */
export async function startAreal(spec: ArealArmSpec, context: ArmUpstream): Promise<ArmTarget> {
  switch (spec.mode) {
    case "controller":
      return startArealController(spec, context);
    case "cli":
      return startArealCli(spec, context);
    case "manual":
      return startArealManual(spec, context);
    case "url":
      return attachAreal(spec, context);
  }
}
