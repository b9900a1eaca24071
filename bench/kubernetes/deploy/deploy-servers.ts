import { mlflowDeployment, mlflowObjects, trackingUriOf } from "../objects/mlflow.ts";
import { gatewayDeployment, openclawObjects } from "../objects/openclaw.ts";
import { watchRollout } from "../rollout/watch-rollout.ts";
import { applyWhole, ensureNamespace } from "./apply-whole.ts";
import { ensureSecret } from "./ensure-secret.ts";
import type { Site } from "./site.ts";

/**
 * The gateway with its namespace, Secret, configuration and home volume, and waits until it serves.
 * @param need see `ensureSecret`
 */
export async function deployOpenclaw(site: Site, { need }: { readonly need: boolean }): Promise<void> {
  const { kubectl, settings, tell } = site;
  const { namespace } = settings;
  tell(`OpenClaw gateway (${settings.images.openclaw}) in namespace ${namespace}`);
  await inNamespace(site, namespace, async () => {
    const secret = await ensureSecret(site, { token: { kind: "new" }, need });
    try {
      await applyWhole(site, openclawObjects(settings, secret.version));
    } catch (thrown) {
      await secret.undo();
      throw thrown;
    }
  });
  await watchRollout(kubectl, {
    ...(site.settleMs !== undefined && { settleMs: site.settleMs }),
    namespace,
    deployment: gatewayDeployment,
    timeoutMs: site.timeoutMs ?? 180_000,
    tell,
  });
  tell("  OpenClaw is ready.");
}

/** The tracking server in a namespace of its own, which outlives those of evaluations. */
export async function deployMlflow(site: Site): Promise<void> {
  const { kubectl, settings, tell } = site;
  const namespace = settings.mlflowNamespace;
  tell(`MLflow (${settings.images.mlflow}) in namespace ${namespace}`);
  await inNamespace(site, namespace, async () => {
    await applyWhole(site, mlflowObjects(settings));
  });
  await watchRollout(kubectl, {
    ...(site.settleMs !== undefined && { settleMs: site.settleMs }),
    namespace,
    deployment: mlflowDeployment,
    timeoutMs: site.timeoutMs ?? 120_000,
    tell,
  });
  tell(`  MLflow is ready: ${trackingUriOf({ ...settings, trackingUri: null })}`);
}

/** A namespace that was made for what then failed goes with it: nothing else can be in it yet. */
async function inNamespace({ kubectl, tell }: Site, name: string, make: () => Promise<void>): Promise<void> {
  const isNew = await ensureNamespace(kubectl, name);
  if (isNew) tell(`  Namespace ${name} was made.`);
  try {
    await make();
  } catch (thrown) {
    if (isNew) await kubectl.delete({ kind: "namespace", name }, { wait: false });
    throw thrown;
  }
}
