import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import { ConfigError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { clusterFacts, isOpenShift } from "../kubernetes/deploy/cluster.ts";
import type { Site } from "../kubernetes/deploy/site.ts";
import { Kubectl } from "../kubernetes/kubectl/kubectl.ts";
import { optionalKeys, tokenKey } from "../kubernetes/objects/secret.ts";
import { clusterSettings } from "../kubernetes/objects/settings.ts";
import { positive, seconds } from "./arguments.ts";
import type { Host } from "./host.ts";

export interface ClusterFlags {
  readonly namespace?: string;
  readonly context?: string;
  readonly yes?: boolean;
  readonly timeout?: number;
  readonly adopt?: boolean;
  readonly storageClass?: string;
  readonly fsGroup?: string;
}

/** What a mode may do: what only looks asks nothing. */
export type Access = "changes" | "looks";

/** What every command that speaks to a cluster lets a user choose. */
export function shared(command: Command): Command {
  return command
    .option("--namespace <ns>", "namespace of gateway and evaluation (default: CLAWBENCH_NAMESPACE)")
    .option("--context <name>", "context of the kubeconfig (default: its current one)")
    .option("--timeout <time>", "how long to wait for pods to run, or to be gone", seconds)
    .option("--yes", "ask nothing");
}

export function settingsOf(host: Host, flags: ClusterFlags, withoutNamespace = false) {
  const { namespace, storageClass, fsGroup } = flags;
  const group = fsGroup === undefined || fsGroup === "none" ? null : positive(fsGroup);
  return clusterSettings(host.environment, { namespace, storageClass, fsGroup: group, withoutNamespace });
}

/** Where OpenClaw's image has its user, and ours. */
const defaultGroup = 1000;

export async function withSite(
  host: Host,
  {
    flags,
    access,
    withoutNamespace = false,
  }: { readonly flags: ClusterFlags; readonly access: Access; readonly withoutNamespace?: boolean },
  act: (site: Site) => Promise<void>,
): Promise<void> {
  const settings = settingsOf(host, flags, withoutNamespace);
  const stop = new AbortController();
  const place = {
    environment: withoutKeys(host.environment),
    context: flags.context ?? null,
    tell: host.tell,
    signal: stop.signal,
  };
  const quick = new Kubectl({ ...place, patienceMs: 0 });
  let stopped: "sigint" | "sigterm" | null = null;
  const onSignal = (cause: "sigint" | "sigterm") => () => {
    stopped = cause;
    stop.abort();
  };
  const handlers = [
    ["SIGINT", onSignal("sigint")],
    ["SIGTERM", onSignal("sigterm")],
  ] as const;
  for (const [signal, handler] of handlers) process.once(signal, handler);
  try {
    await confirmCluster(host, quick, { flags, access });
    const group =
      flags.fsGroup === undefined && !(await isOpenShift(quick)) ? defaultGroup : settings.fsGroup;
    await act({
      kubectl: new Kubectl(place),
      settings: { ...settings, fsGroup: group },
      environment: host.environment,
      tell: host.tell,
      adopt: flags.adopt === true,
      timeoutMs: flags.timeout === undefined ? null : flags.timeout * 1000,
      newToken: () => randomBytes(32).toString("base64"),
    });
  } catch (thrown) {
    if (stopped === null) throw thrown;
    host.tell("Stopped.");
    host.setExitCode(exitCodes[stopped]);
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }
}

/** Keys go into the Secret by us; kubectl and its login plugins need none of them. */
function withoutKeys(environment: Host["environment"]): Host["environment"] {
  const keys: readonly string[] = [tokenKey, ...optionalKeys];
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !keys.includes(name)));
}

/** That it answers, and that it is the one that was meant. */
async function confirmCluster(
  host: Host,
  kubectl: Kubectl,
  { flags, access }: { readonly flags: ClusterFlags; readonly access: Access },
): Promise<void> {
  const { context, server, isLocal } = await clusterFacts(kubectl);
  await kubectl.raw("/version");
  if (access === "looks" || isLocal || flags.yes === true) return;
  const where = `context ${context} (${server ?? "no address"})`;
  if (host.ask === undefined)
    throw new ConfigError(
      `The cluster is not on this machine: ${where}. Give --yes when it is the one that is meant, or name another with --context.`,
    );
  await confirm(host, `The cluster is not on this machine: ${where}. Go on?`);
}

export async function confirm(host: Host, question: string): Promise<void> {
  const answer = (await host.ask?.(`${question} [y/N] `)) ?? "";
  if (!/^y(es)?$/i.test(answer.trim())) throw new ConfigError("Nothing was changed.");
}
