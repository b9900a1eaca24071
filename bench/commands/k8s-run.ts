import { join, resolve } from "node:path";
import type { Command } from "commander";
import { kubernetesDefaults, type KubernetesSettings } from "../config/kubernetes-schema.ts";
import { recordedArguments } from "../config/recorded.ts";
import { isSecretName, withheld } from "../host/secret-words.ts";
import { ConfigError, StartError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { collectShards } from "../kubernetes/shards/collect-shards.ts";
import { indexText } from "../kubernetes/shards/job-status.ts";
import { runShards, startShards, type ShardRunEnd } from "../kubernetes/shards/run-shards.ts";
import { checkExperimentText } from "../kubernetes/objects/experiment-text.ts";
import { renderYaml } from "../kubernetes/objects/render.ts";
import { shardObjects } from "../kubernetes/shards/shard-job.ts";
import { resultsNameOf, type ShardRunPlan } from "../kubernetes/shards/shard-run-plan.ts";
import type { Site } from "../kubernetes/deploy/site.ts";
import { experimentFingerprint } from "../plan/identity.ts";
import { ownBlocks, type ShardSplit } from "../plan/shard.ts";
import { usable } from "../analysis/cell/verdict.ts";
import { rebuildReport } from "../report/rebuild.ts";
import { exists } from "../store/read-run.ts";
import { makeFolder } from "../store/make-folder.ts";
import { positive } from "./arguments.ts";
import { sweepEnd } from "./end-screen.ts";
import { collect, readExperiment } from "./experiment.ts";
import type { Host } from "./host.ts";
import { settingsOf, shared, withSite, type ClusterFlags } from "./k8s-site.ts";
import { splitOption } from "./shard-options.ts";
import { skipOption } from "./preflight.ts";

interface RunFlags extends ClusterFlags {
  readonly shards: number;
  readonly split?: ShardSplit;
  readonly set: readonly string[];
  readonly out?: string;
  readonly image?: string;
  readonly skipPreflight: readonly string[];
  readonly partial?: boolean;
  readonly detach?: boolean;
  readonly render?: boolean;
}

export function registerRun(k8s: Command, host: Host): void {
  shared(k8s.command("run <file>"))
    .description(
      "a sweep on several nodes at once: a pod for each shard of it, then one merged run on this machine (docs/scale.md)",
    )
    .requiredOption("--shards <n>", "parts that the sweep is divided into", positive)
    .addOption(splitOption())
    .option("--set <path=value>", "change one setting of the experiment; may be repeated", collect, [])
    .option("--image <reference>", "image of Tollgate (default: kubernetes.image, else CLAWBENCH_IMAGE)")
    .option("--out <folder>", "folder that the merged run is copied to (default: output.directory)")
    .addOption(skipOption())
    .option("--partial", "merge what there is, also where shards have failed")
    .option("--detach", "start the pods and return; the same command without it follows, merges and copies")
    .option("--render", "print what would be applied, as YAML; asks no cluster")
    .addHelpText(
      "after",
      `
The same command again goes on with what is there: it follows a Job that runs, runs failed shards again, each by itself, and merges.
Ctrl-C ends the watching and not the pods; kubectl delete job ends them, and every episode that was finished stays.`,
    )
    .action((file: string, flags: RunFlags) => run(file, flags, host));
}

async function run(file: string, flags: RunFlags, host: Host): Promise<void> {
  const planned = planIn(file, flags, host);
  if (flags.render === true) {
    const { claim, experimentMap, job } = shardObjects(planned.plan);
    host.print(renderYaml([claim, experimentMap, job]).trimEnd());
    return;
  }
  const out = resolve(host.workingDirectory, flags.out ?? planned.directory);
  const here = join(out, resultsNameOf(planned.plan));
  if (await exists(here))
    throw new ConfigError(
      `${here} is there already: this sweep was merged and copied. See \`tollgate report ${here}\`; move it away to merge again.`,
    );
  await withSite(host, { flags, access: "changes" }, async (site) => {
    const plan = { ...planned.plan, fsGroup: site.settings.fsGroup };
    if (flags.detach === true) return await startShards(site, plan);
    const end = await runShards(site, plan, watching(site));
    const isWhole = end.failed.length === 0;
    if (!isWhole && flags.partial !== true) throw failedShards(plan, end);
    await makeFolder(out);
    host.tell(`merging ${end.completed.length} shards where they lie, and copying the run to ${here}`);
    const options = { here, partial: !isWhole, timeoutMs: site.timeoutMs ?? defaultPatienceMs };
    const { said } = await collectShards(site.kubectl, plan, options);
    if (said !== "") host.tell(said);
    await show(host, here, isWhole);
  });
}

async function show(host: Host, here: string, isWhole: boolean): Promise<void> {
  const report = await rebuildReport(here);
  const good = isWhole && report.cells.every(({ verdict }) => usable.has(verdict));
  host.setExitCode(good ? exitCodes.ok : exitCodes.resultInvalid);
  host.print(await sweepEnd(host, report, here));
  host.print(here);
}

/** How long pods may be kept from running; nodes with GPUs may have to be started first. */
const defaultPatienceMs = 600_000;

function watching({ timeoutMs }: Site) {
  return { patienceMs: timeoutMs ?? defaultPatienceMs, everyMs: 2_000, countsEveryMs: 30_000 };
}

function failedShards(plan: ShardRunPlan, { failed, completed }: ShardRunEnd): StartError {
  return new StartError(
    "shards",
    `${failed.length} of ${plan.shards} shards failed for good (${indexText(failed)}); ${completed.length} are done and lie on the volume. Why is said above. The same command again runs the failed ones, each by itself; --partial merges what there is.`,
  );
}

function planIn(
  file: string,
  flags: RunFlags,
  host: Host,
): { readonly plan: ShardRunPlan; readonly directory: string } {
  const loaded = readExperiment(file, flags.set, host);
  const { experiment, recorded } = loaded;
  if (experiment.collect !== undefined)
    throw new ConfigError(`${file} has a collect section, and only sweeps are divided.`);
  refuseStacks(file, experiment.stack.kind, experiment.kubernetes);
  refuseKeys(file, recorded.kubernetes);
  const split = flags.split ?? "loads";
  // A division that there is not is found out before anything is started.
  ownBlocks(experiment, { index: 0, count: flags.shards, by: split });
  const { namespace, images } = settingsOf(host, flags);
  const settings = recorded.kubernetes ?? kubernetesDefaults;
  const text = `${JSON.stringify(recorded, null, 2)}\n`;
  checkExperimentText(text, host.environment);
  const skipped = flags.skipPreflight.flatMap((name) => ["--skip-preflight", name]);
  return {
    directory: experiment.output.directory,
    plan: {
      experiment: experiment.name,
      text,
      fingerprint: experimentFingerprint(loaded),
      shards: flags.shards,
      split,
      namespace,
      image: flags.image ?? settings.image ?? images.tollgate,
      settings,
      fsGroup: null,
      sweepArguments: recordedArguments(skipped),
    },
  };
}

/**
 * What a Job says is readable for everybody who may look at the namespace.
 * @throws {ConfigError} for keys among environment variables
 */
function refuseKeys(file: string, settings: KubernetesSettings | undefined): void {
  const variables = [
    ...Object.entries(settings?.environment ?? {}).map((one) => ["kubernetes.environment", ...one] as const),
    ...Object.entries(settings?.engine?.environment ?? {}).map(
      (one) => ["kubernetes.engine.environment", ...one] as const,
    ),
  ];
  const keys = variables.filter(
    ([, name, value]) => isSecretName(name) || value === withheld || /\$\{/.test(value),
  );
  if (keys.length === 0) return;
  throw new ConfigError(
    `${file}: ${keys.map(([at, name]) => `${at}.${name}`).join(", ")} ${keys.length === 1 ? "is" : "are"} a key or stand${keys.length === 1 ? "s" : ""} for a variable of this machine, and would be readable in the Job. Put what is secret into a Secret and name that in kubernetes.secrets; write out what is not.`,
  );
}

/** @throws {ConfigError} for what no pod can do */
function refuseStacks(file: string, kind: string, settings: KubernetesSettings | undefined): void {
  if (kind === "docker")
    throw new ConfigError(
      `${file}: stack.kind docker starts containers, which pods cannot. Write the server as kubernetes.engine, and stack.kind attach with its address (http://127.0.0.1:30000).`,
    );
  if (settings?.engine !== undefined && kind !== "attach")
    throw new ConfigError(
      `${file}: kubernetes.engine runs beside the driver and is reached by stack.kind attach, e.g. stack: {kind: attach, agent: {url: "http://127.0.0.1:${settings.engine.port}"}}; the stack is ${kind}.`,
    );
}
