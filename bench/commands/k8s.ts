import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { ConfigError, messageOf } from "../errors.ts";
import { attachSidecar, detachSidecar, type AttachOptions } from "../kubernetes/deploy/attach-sidecar.ts";
import { deployMlflow, deployOpenclaw } from "../kubernetes/deploy/deploy-servers.ts";
import { copyResults, sidecarLog } from "../kubernetes/deploy/sidecar-log.ts";
import type { Site } from "../kubernetes/deploy/site.ts";
import { holdsResults, takeDown } from "../kubernetes/deploy/take-down.ts";
import { checkExperimentText } from "../kubernetes/objects/experiment-text.ts";
import { gatewayDeployment } from "../kubernetes/objects/openclaw.ts";
import { renderYaml } from "../kubernetes/objects/render.ts";
import { renderModes, renderedObjects, type RenderMode } from "../kubernetes/deploy/rendered-objects.ts";
import { natural } from "./arguments.ts";
import type { Host } from "./host.ts";
import { registerRun } from "./k8s-run.ts";
import { confirm, settingsOf, shared, withSite, type ClusterFlags } from "./k8s-site.ts";
import { registerEntry } from "./k8s-entry.ts";

interface SidecarFlags extends ClusterFlags {
  readonly deployment: string;
  readonly gatewayContainer?: string;
  readonly experiment?: string;
  readonly replace?: boolean;
  readonly keep?: boolean;
  readonly again?: boolean;
}

export function register(program: Command, host: Host): void {
  const k8s = program
    .command("k8s")
    .description(
      "an evaluation on Kubernetes, beside an OpenClaw gateway; images, keys and settings come from the environment",
    );
  registerServers(k8s, host);
  registerSidecar(k8s, host);
  registerEnds(k8s, host);
  registerRun(k8s, host);
  registerEntry(k8s, host);
}

function registerServers(k8s: Command, host: Host): void {
  withSidecarOptions(withPlacing(shared(k8s.command("up"))))
    .description("gateway, MLflow (unless MLFLOW_TRACKING_URI names one) and the evaluation")
    .action(async (flags: SidecarFlags) => {
      const experiment = await experimentText(host, flags);
      await withSite(host, { flags, access: "changes" }, async (site) => {
        await deployOpenclaw(site, { need: true });
        if (site.settings.trackingUri === null) await deployMlflow(site);
        else host.tell(`MLflow: ${site.settings.trackingUri} is used, none is deployed.`);
        await attachSidecar(site, attachOptions(flags, { experiment, need: true }));
        host.tell(sidecarHints(site, flags));
      });
    });
  withPlacing(shared(k8s.command("openclaw")))
    .description("the gateway alone")
    .action(async (flags: ClusterFlags) => {
      await withSite(host, { flags, access: "changes" }, async (site) => {
        await deployOpenclaw(site, { need: false });
        host.tell("Next: `tollgate k8s mlflow`, or `tollgate k8s attach` to start the evaluation.");
      });
    });
  withPlacing(shared(k8s.command("mlflow")))
    .description("the tracking server alone, in the namespace MLFLOW_NAMESPACE")
    .action(async (flags: ClusterFlags) => {
      await withSite(host, { flags, access: "changes", withoutNamespace: true }, deployMlflow);
    });
}

function registerSidecar(k8s: Command, host: Host): void {
  withSidecarOptions(withPlacing(shared(k8s.command("attach"))))
    .description("start the evaluation beside a gateway that is there, whoever made it")
    .action(async (flags: SidecarFlags) => {
      const experiment = await experimentText(host, flags);
      await withSite(host, { flags, access: "changes" }, async (site) => {
        const isChanged = await attachSidecar(site, attachOptions(flags, { experiment, need: false }));
        host.tell(
          isChanged
            ? sidecarHints(site, flags)
            : "The evaluation is there just so already; nothing was changed. --again starts it once more.",
        );
      });
    });
  shared(k8s.command("detach"))
    .description("take the evaluation out again, with the volumes that came with it; results stay")
    .addOption(deploymentOption())
    .option("--replace", "also one that somebody else put there")
    .action(async (flags: SidecarFlags) => {
      await withSite(host, { flags, access: "changes" }, async (site) => {
        const wasThere = await detachSidecar(site, {
          deployment: flags.deployment,
          replace: flags.replace === true,
        });
        host.tell(
          wasThere
            ? "The evaluation is taken out; its results stay on volume claim clawbench-results."
            : "No clawbench sidecar found.",
        );
      });
    });
}

function registerEnds(k8s: Command, host: Host): void {
  shared(k8s.command("logs"))
    .description("follow what the evaluation says")
    .addOption(deploymentOption())
    .option("--no-follow", "what it has said so far")
    .option("--tail <lines>", "only the last lines", natural)
    .action(async (flags: SidecarFlags & { readonly follow: boolean; readonly tail?: number }) => {
      const tailLines = flags.tail ?? null;
      await withSite(host, { flags, access: "looks" }, async (site) => {
        await sidecarLog(site, {
          deployment: flags.deployment,
          follow: flags.follow,
          tailLines,
          print: host.print,
        });
      });
    });
  shared(k8s.command("cp [folder]"))
    .description("copy the results out of the evaluation's container")
    .addOption(deploymentOption())
    .action(async (folder: string | undefined, flags: SidecarFlags) => {
      const here = folder ?? "results";
      await withSite(host, { flags, access: "looks" }, async (site) => {
        await copyResults(site, flags.deployment, resolve(host.workingDirectory, here));
        host.print(here);
      });
    });
  shared(k8s.command("down"))
    .description(
      "delete what Tollgate put into the namespace, and the namespace when it made that; MLflow stays",
    )
    .action(async (flags: ClusterFlags) => {
      await withSite(host, { flags, access: "changes" }, async (site) => {
        if (host.ask !== undefined && flags.yes !== true && (await holdsResults(site)))
          await confirm(host, `Volume claim clawbench-results is deleted with it. Delete it?`);
        await takeDown(site);
      });
    });
  withPlacing(k8s.command("render [mode]"))
    .description(
      `print what would be applied, as YAML: ${renderModes.join(", ")} (default: all); asks no cluster`,
    )
    .option("--namespace <ns>", "namespace (default: CLAWBENCH_NAMESPACE)")
    .option("--experiment <file>", "an experiment of Tollgate's to run in place of what CLAWBENCH_* describe")
    .action(async (mode: string | undefined, flags: SidecarFlags) => {
      const settings = settingsOf(host, flags, mode === "mlflow");
      const experiment = await experimentText(host, flags);
      if (experiment !== null) checkExperimentText(experiment, host.environment);
      host.print(renderYaml(renderedObjects(renderMode(mode), { settings, experiment })).trimEnd());
    });
}

function renderMode(mode: string | undefined): RenderMode | null {
  if (mode === undefined) return null;
  const known = renderModes.find((one) => one === mode);
  if (known !== undefined) return known;
  throw new ConfigError(
    `There is no mode ${JSON.stringify(mode)} to render; choose ${renderModes.join(", ")}.`,
  );
}

function withPlacing(command: Command): Command {
  return command
    .option("--adopt", "take over objects of the same names that somebody else made")
    .option("--storage-class <name>", "of the volume claims (default: the cluster's)")
    .option("--fs-group <gid|none>", "group that owns the volumes (default: 1000, on OpenShift none)");
}

function withSidecarOptions(command: Command): Command {
  return command
    .addOption(deploymentOption())
    .option("--gateway-container <name>", "container of the gateway (default: found)")
    .option("--experiment <file>", "an experiment of Tollgate's to run in place of what CLAWBENCH_* describe")
    .option("--replace", "in place of a sidecar of the same name that somebody else put there")
    .option("--keep", "leave the sidecar in when it does not come up")
    .option("--again", "start an evaluation that is there just so once more");
}

function deploymentOption(): Option {
  return new Option("--deployment <name>", "Deployment of the gateway").default(gatewayDeployment);
}

function attachOptions(
  flags: SidecarFlags,
  { experiment, need }: Pick<AttachOptions, "experiment" | "need">,
): AttachOptions {
  return {
    deployment: flags.deployment,
    gatewayContainer: flags.gatewayContainer ?? null,
    replace: flags.replace === true,
    keep: flags.keep === true,
    again: flags.again === true,
    experiment,
    need,
  };
}

async function experimentText(host: Host, { experiment }: SidecarFlags): Promise<string | null> {
  if (experiment === undefined) return null;
  const path = resolve(host.workingDirectory, experiment);
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    throw new ConfigError(`The experiment ${experiment} cannot be read: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

function sidecarHints({ settings }: Site, { deployment }: SidecarFlags): string {
  const other = deployment === gatewayDeployment ? "" : ` --deployment ${deployment}`;
  const at = `--namespace ${settings.namespace}${other}`;
  return [
    "The evaluation runs.",
    `  tollgate k8s logs ${at}      what it says`,
    `  tollgate k8s cp ${at}        its results, as far as they are`,
    `  tollgate k8s detach ${at}    when it is finished`,
  ].join("\n");
}
