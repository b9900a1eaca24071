import { StartError } from "../../errors.ts";
import type { Kubectl } from "../kubectl/kubectl.ts";
import { nameOf, type KubernetesManifest, type KubernetesObject } from "../kubectl/kubernetes-object.ts";
import { namespaceManifest } from "../objects/namespace.ts";
import { isOurs } from "../objects/own-labels.ts";
import type { Site } from "./site.ts";

export interface Applied {
  /** Deletes what was not there before. */
  readonly undo: () => Promise<void>;
}

/**
 * Applies all of these objects or none: the server is asked first what it would say, and what was made before a failure
 * is deleted again. Volume claims that exist stay as they are, because their size and class cannot be changed.
 * @throws {StartError} for objects of these names that somebody else made
 */
export async function applyWhole(site: Site, manifests: readonly KubernetesManifest[]): Promise<Applied> {
  const { kubectl, adopt, tell } = site;
  const found = await Promise.all(
    manifests.map(async (manifest) => ({ manifest, before: await kubectl.get(targetOf(manifest)) })),
  );
  refuseLeaving(found);
  const isClaim = ({ manifest }: Found) => manifest.kind === "PersistentVolumeClaim";
  const foreign = found.filter(({ before }) => before !== null && !isOurs(before));
  for (const one of foreign.filter(isClaim))
    tell(`  ${nameOf(one.manifest)} is there already and used as it is.`);
  const taken = foreign.filter((one) => !isClaim(one));
  if (taken.length > 0 && !adopt)
    throw new StartError(
      "kubernetes",
      `${taken.map(({ manifest }) => nameOf(manifest)).join(", ")} in namespace ${taken[0]?.manifest.metadata.namespace ?? ""} ${taken.length === 1 ? "is" : "are"} not Tollgate's. Give --adopt to take over what has these names, or use another namespace.`,
    );
  const wanted = found
    .filter((one) => !(isClaim(one) && one.before !== null))
    .map(({ manifest }) => manifest);
  const undo = async () => {
    for (const { manifest, before } of found.toReversed())
      if (before === null) await kubectl.delete(targetOf(manifest), { wait: false });
  };
  await kubectl.apply(wanted, { takeOver: adopt, dryRun: true });
  try {
    await kubectl.apply(wanted, { takeOver: adopt });
  } catch (thrown) {
    await undo();
    throw thrown;
  }
  return { undo };
}

interface Found {
  readonly manifest: KubernetesManifest;
  readonly before: KubernetesObject | null;
}

export const targetOf = ({ kind, metadata }: KubernetesManifest) => ({
  kind: kind.toLowerCase(),
  name: metadata.name,
  ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
});

function refuseLeaving(found: readonly Found[]): void {
  const leaving = found.filter(({ before }) => before?.metadata.deletionTimestamp != null);
  if (leaving.length > 0)
    throw new StartError(
      "kubernetes",
      `${leaving.map(({ manifest }) => nameOf(manifest)).join(", ")} ${leaving.length === 1 ? "is" : "are"} being deleted. Wait until that is done (a volume claim waits for the pods that use it), then try again.`,
    );
}

/**
 * Makes the namespace when there is none, and says whether it did.
 * @throws {StartError} when it is being deleted
 */
export async function ensureNamespace(kubectl: Kubectl, name: string): Promise<boolean> {
  const before = await kubectl.get({ kind: "namespace", name });
  if (before === null) return await kubectl.createMissing(namespaceManifest(name));
  if (before.metadata.deletionTimestamp != null)
    throw new StartError(
      "kubernetes",
      `Namespace ${name} is being deleted. Wait until it is gone, or use another one.`,
    );
  return false;
}
