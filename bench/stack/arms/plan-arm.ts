import type { ArmSpec } from "../../config/arm-schema.ts";
import type { Experiment } from "../../config/experiment.ts";
import { armPort, portsOf } from "../docker/ports.ts";
import { arealCliCommand } from "./areal/cli.ts";
import { arealCommands } from "./areal/commands.ts";
import { filled } from "./command-arm.ts";
import { sglRouterCommand } from "./sgl-router.ts";

/** What an arm would start. */
export interface PlannedArm {
  readonly arm: string;
  /** Lines for a shell, in their order. Keys are variables there; the taps are left out. Empty where nothing is started. */
  readonly commands: readonly string[];
}

const adminKey = "$ADMIN_KEY";

/** The programs of others that the arms of an experiment would start, as one would start them by hand. */
export function planArms(experiment: Experiment): PlannedArm[] {
  return experiment.arms
    .map((spec, index) => ({ arm: spec.name, commands: commandsOf(spec, experiment, index) }))
    .filter(({ commands }) => commands.length > 0);
}

function commandsOf(spec: ArmSpec, experiment: Experiment, index: number): string[] {
  const { stack, limits } = experiment;
  const engineUrl = engineUrlOf(stack);
  const model = modelOf(stack);
  const first = stack.kind === "docker" ? armPort(stack, index) : 8080;
  const [port, second, third] = [first, first + 1, first + 2];
  const line = (command: readonly string[]) => shellLine(spec, command);
  if (spec.kind === "command") {
    const ports = { port: String(port), metricsPort: String(second) };
    const values = { engine: engineUrl, ...ports, model, adminKey, engineKey: "$ENGINE_KEY", logs: "." };
    return [line(spec.command.map((word) => filled(word, values)))];
  }
  if (spec.kind === "sgl-router") {
    return [line(sglRouterCommand(spec, { engineUrl, port, metricsPort: second }))];
  }
  if (spec.kind !== "areal") return [];
  const place = {
    engineUrl,
    adminKey,
    callSeconds: limits.callSeconds,
    startSeconds: limits.startSeconds,
    model,
  };
  if (spec.mode === "cli") return [line(arealCliCommand(spec, { ...place, port }))];
  if (spec.mode !== "manual") return [];
  const engineMaxTokens = contextLengthOf(stack) ?? "$CONTEXT_LENGTH";
  const services = arealCommands(spec, {
    ...place,
    engineMaxTokens,
    routerPort: port,
    dataProxyPort: second,
    gatewayPort: third,
  });
  const post = (at: number, path: string, body: object) =>
    `curl -sS -H "Authorization: Bearer ${adminKey}" -H 'content-type: application/json' -d '${JSON.stringify(body)}' http://127.0.0.1:${at}${path}`;
  const dataProxy = `http://127.0.0.1:${second}`;
  return [
    line(services.router),
    line(services.dataProxy),
    post(port, "/register", { worker_addr: dataProxy }),
    line(services.gateway),
    post(third, "/register_model", { model, url: "", api_key: null, data_proxy_addrs: [dataProxy] }),
  ];
}

function shellLine(spec: ArmSpec, command: readonly string[]): string {
  const words = command.map(quoted).join(" ");
  if (!("image" in spec) || spec.image === undefined) return words;
  const volumes = (spec.volumes ?? []).map((volume) => `--volume ${quoted(volume)} `).join("");
  return `docker run --detach --network host ${volumes}${quoted(spec.image)} ${words}`;
}

/** Variables stay variables. */
function quoted(word: string): string {
  return /^[\w./:=@%+,$-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function engineUrlOf(stack: Experiment["stack"]): string {
  if (stack.kind === "attach") return stack.agent.url;
  return stack.kind === "docker" ? `http://127.0.0.1:${portsOf(stack).agent.http}` : "$ENGINE_URL";
}

function modelOf(stack: Experiment["stack"]): string {
  if (stack.kind === "attach") return stack.agent.model ?? "$MODEL";
  if (stack.kind === "embedded") return stack.model;
  return stack.agent.servedModel ?? stack.servedModel ?? stack.model.split("/").at(-1) ?? "$MODEL";
}

function contextLengthOf(stack: Experiment["stack"]): number | null {
  return stack.kind === "attach" ? null : (stack.agent.contextLength ?? null);
}
