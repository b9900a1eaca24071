import { z } from "zod";
import { messageOf, StartError } from "../../errors.ts";
import { attachSteps } from "../attach/attach-steps.ts";
import { readDeployment, type GatewayDeployment } from "../attach/deployment.ts";
import { detachSteps } from "../attach/detach-steps.ts";
import { gatewayFacts, type AttachedGateway } from "../attach/gateway-facts.ts";
import { failedBy } from "../kubectl/kubectl-error.ts";
import type { PatchStep } from "../kubectl/kubernetes-object.ts";
import { configurationHash } from "../objects/configuration-hash.ts";
import {
  configurationMap,
  experimentMap,
  experimentName,
  resultsVolumeClaim,
} from "../objects/evaluation.ts";
import { checkExperimentText } from "../objects/experiment-text.ts";
import { isOurs } from "../objects/own-labels.ts";
import { secretName, tokenKey } from "../objects/secret.ts";
import { sidecarContainer, sidecarName } from "../objects/sidecar.ts";
import { RolloutError, watchRollout } from "../rollout/watch-rollout.ts";
import { applyWhole, type Applied } from "./apply-whole.ts";
import { ensureSecret, type TokenSource } from "./ensure-secret.ts";
import type { Site } from "./site.ts";

export interface AttachOptions {
  readonly deployment: string;
  /** null looks for it. */
  readonly gatewayContainer: string | null;
  /** A sidecar that somebody else put there is taken out for ours. */
  readonly replace: boolean;
  /** Stays in when it does not come up. */
  readonly keep: boolean;
  /** Starts an evaluation that is there just so once more. */
  readonly again: boolean;
  /** Text of an experiment file; null runs what the configuration describes. */
  readonly experiment: string | null;
  /** Whether a missing key of the model's provider is an error. */
  readonly need: boolean;
}

/** Field manager of what we change in Deployments of others. */
const manager = "tollgate-attach";

/**
 * Puts the evaluation beside a gateway and waits until it runs.
 * @returns false when it was there just so and nothing was changed
 */
export async function attachSidecar(site: Site, options: AttachOptions): Promise<boolean> {
  const { settings, tell } = site;
  const { namespace } = settings;
  tell(
    `Evaluation (${settings.images.tollgate}) beside Deployment ${options.deployment} in namespace ${namespace}`,
  );
  const found = await deploymentOf(site, options.deployment);
  const gateway = gatewayFacts(found, options.gatewayContainer);
  if (gateway.home === null)
    tell(
      `  warning: container ${gateway.container} has no volume for OpenClaw's home. The evaluation cannot see files that the agent writes there.`,
    );
  // What refuses, refuses before anything is made.
  attachSteps(found, wantedContainer(site, found, { gateway, options, hash: "" }), options);
  if (options.experiment !== null) checkExperimentText(options.experiment, site.environment);
  const made = await makeBelongings(site, { gateway, options });
  let isChanged: boolean;
  try {
    isChanged = await patched(site, options.deployment, (deployment) =>
      attachSteps(
        deployment,
        wantedContainer(site, deployment, { gateway, options, hash: made.hash }),
        options,
      ),
    );
  } catch (thrown) {
    await made.undo();
    throw thrown;
  }
  tellTarget(site);
  try {
    await watchSidecar(site, options.deployment);
  } catch (thrown) {
    if (!isChanged || options.keep || !(thrown instanceof RolloutError) || thrown.troubles.length === 0)
      throw thrown;
    throw await takenOutAgain(site, { deployment: options.deployment, made, thrown });
  }
  return isChanged;
}

interface Belongings extends Applied {
  /** Of what the evaluation is started with. */
  readonly hash: string;
}

/** What the sidecar's container names: Secret, configuration and results volume. */
async function makeBelongings(
  site: Site,
  { gateway, options }: { readonly gateway: AttachedGateway; readonly options: AttachOptions },
): Promise<Belongings> {
  const { settings } = site;
  const token = await tokenSource(site, gateway);
  const secret = await ensureSecret(site, { token, need: options.need });
  const configuration = configurationMap(settings);
  const experiment =
    options.experiment === null ? [] : [experimentMap(settings.namespace, options.experiment)];
  try {
    const applied = await applyWhole(site, [configuration, ...experiment, resultsVolumeClaim(settings)]);
    if (options.experiment === null) await dropOldExperiment(site);
    const undo = async () => {
      await applied.undo();
      await secret.undo();
    };
    return { hash: configurationHash([configuration["data"], options.experiment, secret.version]), undo };
  } catch (thrown) {
    await secret.undo();
    throw thrown;
  }
}

/** @throws {RolloutError} also when somebody took the sidecar out again meanwhile */
async function watchSidecar(site: Site, deployment: string): Promise<void> {
  const { kubectl, settings, tell, settleMs } = site;
  const timeoutMs = site.timeoutMs ?? 300_000;
  const { namespace } = settings;
  await watchRollout(kubectl, {
    ...(settleMs !== undefined && { settleMs }),
    namespace,
    deployment,
    timeoutMs,
    tell,
  });
  const { containers } = (await deploymentOf(site, deployment)).spec.template.spec;
  if (!containers.some(({ name }) => name === sidecarName))
    throw new RolloutError(
      `Somebody took the sidecar out of Deployment ${deployment} again: an operator or a GitOps tool that puts its own version back. Let it leave this Deployment alone while the evaluation runs, or give it the container (\`tollgate k8s render\` shows it).`,
      [],
    );
}

/** @returns false when there was none */
export async function detachSidecar(
  site: Site,
  { deployment, replace }: Pick<AttachOptions, "deployment" | "replace">,
): Promise<boolean> {
  return await patched(site, deployment, (found) => detachSteps(found, { replace }));
}

async function deploymentOf({ kubectl, settings }: Site, name: string): Promise<GatewayDeployment> {
  const found = await kubectl.get({ kind: "deployment", name, namespace: settings.namespace });
  if (found !== null) return readDeployment(found);
  throw new StartError(
    "kubernetes",
    `Deployment ${name} is not in namespace ${settings.namespace}. Make a gateway first (\`tollgate k8s openclaw\`), or name yours with --deployment; \`kubectl get deployments -n ${settings.namespace}\` lists them.`,
  );
}

function wantedContainer(
  { settings }: Site,
  deployment: GatewayDeployment,
  { gateway, options, hash }: { gateway: AttachedGateway; options: AttachOptions; hash: string },
) {
  const before = deployment.spec.template.spec.containers.find(({ name }) => name === sidecarName);
  const starts = Number(before?.env?.find(({ name }) => name === "TOLLGATE_STARTS")?.value ?? 0) || 0;
  const { token } = gateway;
  return sidecarContainer({
    image: settings.images.tollgate,
    home: gateway.home,
    token: token.kind === "secret" ? token : { secret: secretName, key: tokenKey },
    configurationSha256: hash,
    gatewayPort: gateway.port,
    starts: options.again ? starts + 1 : starts,
  });
}

const dataSchema = z.looseObject({ data: z.record(z.string(), z.string()).nullish() });

async function tokenSource(
  { kubectl, settings, environment, tell }: Site,
  { token }: AttachedGateway,
): Promise<TokenSource> {
  const isGiven = Boolean(environment[tokenKey]);
  switch (token.kind) {
    case "value":
      if (isGiven && environment[tokenKey] !== token.value)
        tell(`  warning: ${tokenKey} of your environment is not the gateway's, which is used instead.`);
      return { kind: "value", value: token.value };
    case "secret":
      if (token.secret === secretName) return { kind: "new" };
      if (isGiven) tell(`  The gateway's token is taken from its own Secret ${token.secret}.`);
      return { kind: "elsewhere" };
    case "unknown": {
      if (isGiven) return { kind: "unknown" };
      for (const name of token.secrets) {
        const secret = await kubectl.get({ kind: "secret", name, namespace: settings.namespace });
        const value = dataSchema.parse(secret ?? {}).data?.[tokenKey];
        if (value !== undefined)
          return { kind: "value", value: Buffer.from(value, "base64").toString("utf8") };
      }
      return { kind: "unknown" };
    }
  }
}

/** One that an earlier call brought would be run in place of what is asked for now. */
async function dropOldExperiment({ kubectl, settings, tell }: Site): Promise<void> {
  const target = { kind: "configmap", name: experimentName, namespace: settings.namespace };
  const before = await kubectl.get(target);
  if (before === null) return;
  if (isOurs(before)) await kubectl.delete(target);
  else tell(`  ConfigMap ${experimentName} is not Tollgate's; its experiment is what will be run.`);
}

function tellTarget({ settings, tell }: Site): void {
  tell(`  Model: ${settings.model}`);
  if (settings.openaiBase !== null) tell(`  OpenAI API base: ${settings.openaiBase}`);
  if (settings.experimentId !== null) tell(`  MLflow experiment id: ${settings.experimentId}`);
  else tell(`  MLflow experiment: ${settings.experimentName}`);
}

const triesMax = 10;

/**
 * Patches a Deployment as it stands. When it is no longer as it was read, or nobody said whether the patch was done, it
 * is read again: steps that were done are not found missing then.
 */
async function patched(
  site: Site,
  name: string,
  stepsFor: (deployment: GatewayDeployment) => readonly PatchStep[],
): Promise<boolean> {
  const { kubectl, settings } = site;
  const target = { kind: "deployment", name, namespace: settings.namespace };
  let isChanged = false;
  for (let tries = 1; ; tries++) {
    const steps = stepsFor(await deploymentOf(site, name));
    if (steps.length === 0) return isChanged;
    try {
      await kubectl.patch(target, steps, manager);
      return true;
    } catch (thrown) {
      const mayRead = failedBy(thrown, "test-failed", "conflict", "unreachable");
      if (!mayRead || tries === triesMax) throw thrown;
      isChanged ||= failedBy(thrown, "unreachable");
    }
  }
}

/**
 * A sidecar that does not come up keeps the gateway's pod from being ready, so it goes again. What came with it goes,
 * too, unless it has run and may have written results.
 */
async function takenOutAgain(
  site: Site,
  { deployment, made, thrown }: { deployment: string; made: Applied; thrown: RolloutError },
): Promise<RolloutError> {
  const { message, troubles } = thrown;
  try {
    await detachSidecar(site, { deployment, replace: false });
    if (!troubles.some(({ hasLog }) => hasLog)) await made.undo();
  } catch (second) {
    return new RolloutError(
      `${message}\nIt could not be taken out again either: ${messageOf(second)}`,
      troubles,
    );
  }
  return new RolloutError(
    `${message}\nThe sidecar was taken out again, so that the gateway runs as before. --keep leaves it in.`,
    troubles,
  );
}
