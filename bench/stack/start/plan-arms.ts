import type { ArmSpec } from "../../config/arm-schema.ts";
import type { Experiment } from "../../config/experiment.ts";
import { shellLine } from "../../host/shell-words.ts";
import type { ArmPlace } from "../arms/arm-kind.ts";
import { armPort, portsOf } from "../docker/ports.ts";
import { armKindOf } from "./arm-kinds.ts";

/** What an arm would start. */
export interface PlannedArm {
  readonly arm: string;
  /** Lines for a shell, in their order. Keys are variables there; the taps are left out. Empty where nothing is started. */
  readonly commands: readonly string[];
}

/** The programs of others that the arms of an experiment would start, as one would start them by hand. */
export function planArms({ arms, stack, limits }: Experiment): PlannedArm[] {
  const known: Omit<ArmPlace, "port"> = {
    engineUrl: engineUrlOf(stack),
    model: modelOf(stack),
    adminKey: "$ADMIN_KEY",
    contextLength: "contextLength" in stack.agent ? (stack.agent.contextLength ?? null) : null,
    callSeconds: limits.callSeconds,
    startSeconds: limits.startSeconds,
  };
  return arms
    .map((spec, index) => {
      const port = stack.kind === "docker" ? armPort(stack, index) : 8080;
      const steps = armKindOf(spec).plan?.(spec, { ...known, port }) ?? [];
      return { arm: spec.name, commands: steps.map((step) => lineOf(spec, step)) };
    })
    .filter(({ commands }) => commands.length > 0);
}

/** Variables stay variables, so that a shell fills them in. */
function lineOf(spec: ArmSpec, step: readonly string[] | string): string {
  if (typeof step === "string") return step;
  const image = "image" in spec ? spec.image : undefined;
  if (image === undefined) return shellLine(step, "variables");
  const volumes = ("volumes" in spec ? (spec.volumes ?? []) : []).flatMap((volume) => ["--volume", volume]);
  return shellLine(
    ["docker", "run", "--detach", "--network", "host", ...volumes, image, ...step],
    "variables",
  );
}

function engineUrlOf(stack: Experiment["stack"]): string {
  if (stack.kind === "attach") return stack.agent.url;
  return stack.kind === "docker" ? `http://127.0.0.1:${portsOf(stack).agent.http}` : "$ENGINE_URL";
}

function modelOf(stack: Experiment["stack"]): string {
  if (stack.kind === "attach") return stack.agent.model ?? "$MODEL";
  if (stack.kind === "process") return stack.agent.model ?? "$MODEL";
  if (stack.kind === "embedded") return stack.model;
  return stack.agent.servedModel ?? stack.servedModel ?? stack.model.split("/").at(-1) ?? "$MODEL";
}
