import { z } from "zod";
import { StartError } from "../../errors.ts";
import { attachmentOf } from "../attach/attachment.ts";
import { readDeployment } from "../attach/deployment.ts";
import { failedBy } from "../kubectl/kubectl-error.ts";
import type { KubernetesObject } from "../kubectl/kubernetes-object.ts";
import { isOurs, ownSelector } from "../objects/own-labels.ts";
import { detachSidecar } from "./attach-sidecar.ts";
import type { Site } from "./site.ts";

/** In the order in which they are deleted: what runs goes before what it uses. */
const kinds = [
  "jobs.batch",
  "deployments.apps",
  "services",
  "configmaps",
  "secrets",
  "persistentvolumeclaims",
] as const;

/** More that may be in a namespace, made by somebody else. */
const foreignKinds = [
  ...kinds,
  "statefulsets.apps",
  "daemonsets.apps",
  "cronjobs.batch",
  "pods",
  "ingresses.networking.k8s.io",
] as const;

/**
 * Takes everything of ours out of a namespace, and the namespace too when we made it and nothing else is in it. MLflow
 * stays. Returns when it is gone.
 */
export async function takeDown(site: Site): Promise<void> {
  const { kubectl, settings, tell } = site;
  const { namespace } = settings;
  const found = await kubectl.get({ kind: "namespace", name: namespace });
  if (found === null) {
    tell(`There is no namespace ${namespace}; nothing to delete.`);
    return;
  }
  const keepsMlflow = namespace === settings.mlflowNamespace;
  const others = isOurs(found) && !keepsMlflow ? await foreignObjects(site) : [];
  if (isOurs(found) && !keepsMlflow && others.length === 0) {
    tell(`Deleting namespace ${namespace}…`);
    await deleteNamespace(site);
  } else {
    await deleteOurs(site, keepsMlflow);
    const why = keepsMlflow
      ? "MLflow is in it"
      : isOurs(found)
        ? `it holds what Tollgate did not make: ${others.slice(0, 5).join(", ")}${others.length > 5 ? " and more" : ""}`
        : "Tollgate did not make it";
    tell(`Tollgate's objects in namespace ${namespace} are deleted. The namespace stays: ${why}.`);
  }
  if (!keepsMlflow) tell(`Namespace ${settings.mlflowNamespace} with MLflow was not touched.`);
}

/** Whether results would be deleted. */
export async function holdsResults({ kubectl, settings }: Site): Promise<boolean> {
  const claims = {
    kind: "persistentvolumeclaims",
    namespace: settings.namespace,
    selector: `app=clawbench,${ownSelector}`,
  };
  return (await kubectl.list(claims)).length > 0;
}

const typedSchema = z.looseObject({ type: z.string().nullish() });

/** What every namespace has, or what belongs to something else and goes with it. */
function isOrdinary(object: KubernetesObject): boolean {
  const { name, ownerReferences } = object.metadata;
  if ((ownerReferences ?? []).length > 0) return true;
  if (object.kind === "ConfigMap") return /^(kube-root-ca|openshift-service-ca)\.crt$/.test(name);
  return (
    object.kind === "Secret" &&
    /^kubernetes\.io\/(service-account-token|dockercfg)$/.test(typedSchema.parse(object).type ?? "")
  );
}

async function foreignObjects(site: Site): Promise<readonly string[]> {
  const lists = await Promise.all(foreignKinds.map((kind) => listed(site, kind)));
  return lists
    .flat()
    .filter((object) => !isOurs(object) && !isOrdinary(object))
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

/** Kinds that this account may not see are those that it may not have made either. */
async function listed(
  { kubectl, settings }: Site,
  kind: string,
  selector?: string,
): Promise<readonly KubernetesObject[]> {
  try {
    return await kubectl.list({
      kind,
      namespace: settings.namespace,
      ...(selector !== undefined && { selector }),
    });
  } catch (thrown) {
    if (failedBy(thrown, "forbidden")) return [];
    throw thrown;
  }
}

async function deleteOurs(site: Site, keepsMlflow: boolean): Promise<void> {
  const { kubectl, settings } = site;
  const { namespace } = settings;
  for (const object of await listed(site, "deployments.apps"))
    if (!isOurs(object) && attachmentOf(readDeployment(object)) !== null)
      await detachSidecar(site, { deployment: object.metadata.name, replace: false });
  const selector = keepsMlflow ? `${ownSelector},app!=mlflow` : ownSelector;
  for (const kind of kinds)
    for (const { metadata } of await listed(site, kind, selector))
      await kubectl.delete({ kind, name: metadata.name, namespace });
}

const namespaceSchema = z.looseObject({
  status: z
    .looseObject({
      conditions: z
        .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().nullish() }))
        .nullish(),
    })
    .nullish(),
});

async function deleteNamespace({ kubectl, settings, timeoutMs }: Site): Promise<void> {
  const target = { kind: "namespace", name: settings.namespace };
  await kubectl.delete(target, { wait: false });
  const waitMs = timeoutMs ?? 180_000;
  const gone = await kubectl.waitFor({
    timeoutMs: waitMs,
    look: async () => ((await kubectl.get(target)) === null ? true : null),
  });
  if (gone === true) return;
  const { status } = namespaceSchema.parse((await kubectl.get(target)) ?? {});
  const why = (status?.conditions ?? [])
    .filter((one) => one.status === "True")
    .flatMap(({ message }) => message ?? []);
  throw new StartError(
    "kubernetes",
    `Namespace ${settings.namespace} is still being deleted after ${waitMs / 1000} s${why.length === 0 ? "" : `: ${why.join("; ")}`}. The cluster goes on with it; \`kubectl get namespace ${settings.namespace} -o yaml\` shows what it waits for.`,
  );
}
