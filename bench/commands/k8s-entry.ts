import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { DeviceIdentity } from "../agent/openclaw/device-identity.ts";
import { GatewayLink } from "../agent/openclaw/gateway-link.ts";
import { messageOf } from "../errors.ts";
import { ownCommand } from "../kubernetes/sidecar/own-command.ts";
import { runSidecar } from "../kubernetes/sidecar/run-sidecar.ts";
import {
  sidecarSettings,
  terminationLogOf,
  tokenVariable,
  type SidecarSettings,
} from "../kubernetes/sidecar/settings.ts";
import { checkMlflow } from "../mlflow/check.ts";
import { mlflowTarget } from "../mlflow/client/target.ts";
import { ownProgram } from "../own-files.ts";
import type { Host } from "./host.ts";

/** What the image starts beside a gateway; nobody types it. */
export function registerEntry(k8s: Command, host: Host): void {
  k8s
    .command("entry", { hidden: true })
    .description("the evaluation in the pod of a gateway, as the image starts it")
    .action(async () => {
      const told = new AbortController();
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => told.abort());
      await entry(host, told.signal);
    });
}

async function entry(host: Host, told: AbortSignal): Promise<void> {
  let settings: SidecarSettings | null = null;
  try {
    settings = sidecarSettings(host.environment);
    const program = [
      process.execPath,
      ...process.execArgv,
      ownProgram(new URL("../main.ts", import.meta.url)),
    ];
    const parts = {
      settings,
      environment: host.environment,
      gatewayReady: () => gatewayReady(sidecarSettings(host.environment), told),
      mlflowReady: () => mlflowReady(host, told),
      command: (words: readonly string[], say: (line: string) => void) =>
        ownCommand(words, { program, environment: host.environment, signal: told, say }),
      say: host.print,
      nowIso: () => new Date().toISOString(),
      told,
    };
    const notBegun = await runSidecar(parts);
    if (notBegun !== null) return host.setExitCode(notBegun.exitCode);
    await untilTold(told);
  } catch (error) {
    if (told.aborted) return;
    // Kubernetes shows this text with the container's state.
    tellKubernetes(terminationLogOf(host.environment), messageOf(error), host);
    throw error;
  }
}

/** Results and log can be read until somebody ends the pod. */
async function untilTold(told: AbortSignal): Promise<void> {
  while (!told.aborted) await sleep(2 ** 30, undefined, { signal: told }).catch(() => undefined);
}

async function gatewayReady(settings: SidecarSettings, signal: AbortSignal): Promise<void> {
  const link = await GatewayLink.open({
    url: settings.gatewayUrl,
    token: settings.gatewayToken,
    tokenEnv: tokenVariable,
    device: DeviceIdentity.generate(),
    connectTimeoutMs: settings.connectTimeoutSeconds * 1000,
    timeoutSetting: "CLAWBENCH_CONNECT_TIMEOUT",
    byHand: "",
    signal,
    connected: async () => undefined,
    onEvent: () => undefined,
  });
  await link[Symbol.asyncDispose]();
}

async function mlflowReady({ environment }: Host, signal: AbortSignal): Promise<string | null> {
  const target = mlflowTarget({}, environment);
  if (target === null) return null;
  const { version, experimentId } = await checkMlflow(target, { signal, pausesMs: [500, 2000] });
  return `${target.url}, version ${version ?? "not said"}, experiment ${experimentId}`;
}

function tellKubernetes(file: string, message: string, { tell }: Host): void {
  try {
    writeFileSync(file, message.slice(0, 4000));
  } catch (error) {
    tell(`warning: ${file} cannot be written: ${messageOf(error)}`);
  }
}
