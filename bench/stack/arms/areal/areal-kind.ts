import type { ArealArmSpec } from "../../../config/areal-schema.ts";
import type { ArmKind } from "../arm-kind.ts";
import { attachAreal } from "./attach.ts";
import { planArealCli, startArealCli } from "./cli.ts";
import { startArealController } from "./controller.ts";
import { planArealManual, startArealManual } from "./manual.ts";

/** AReaL's inference service as an arm, in the mode that the experiment names. */
export const arealArm: ArmKind<ArealArmSpec> = {
  records: true,
  start: (spec, context) => {
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
  },
  plan: (spec, place) => {
    if (spec.mode === "manual") return planArealManual(spec, place);
    return spec.mode === "cli" ? [planArealCli(spec, place)] : [];
  },
  innerTap: (spec) => {
    if (spec.mode === "url") return spec.innerTapPort === undefined ? null : { port: spec.innerTapPort };
    // The engine of `areal inf run` is AReaL's own.
    return spec.mode === "cli" ? null : {};
  },
};
