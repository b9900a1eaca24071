import { z } from "zod";
import type { Kubectl } from "../kubectl/kubectl.ts";

const viewSchema = z.looseObject({
  "current-context": z.string().nullish(),
  clusters: z
    .array(z.looseObject({ cluster: z.looseObject({ server: z.string().nullish() }).nullish() }))
    .nullish(),
});

export interface ClusterFacts {
  readonly context: string;
  /** Address of the API server; null when the kubeconfig names none. */
  readonly server: string | null;
  /** Whether it is on this machine, as far as its address tells. */
  readonly isLocal: boolean;
}

/** Which cluster kubectl speaks to, by its configuration alone. */
export async function clusterFacts(kubectl: Kubectl): Promise<ClusterFacts> {
  const view = viewSchema.parse(await kubectl.view());
  const server = view.clusters?.[0]?.cluster?.server ?? null;
  return {
    context: view["current-context"] || "(none)",
    server,
    isLocal: server !== null && isLocalAddress(server),
  };
}

/** Those of kind, k3d and Docker Desktop are. A tunnel to somewhere else looks the same. */
export function isLocalAddress(server: string): boolean {
  if (!URL.canParse(server)) return false;
  const host = new URL(server).hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  return (
    /^127(\.\d{1,3}){3}$|^(0\.0\.0\.0|::1|::)$/.test(host) ||
    /^(.+\.)?localhost$|^(kubernetes|host)\.docker\.internal$/.test(host)
  );
}

const groupsSchema = z.looseObject({ groups: z.array(z.looseObject({ name: z.string() })) });

/** OpenShift chooses users and groups of pods itself, and refuses those that are named. */
export async function isOpenShift(kubectl: Kubectl): Promise<boolean> {
  const { groups } = groupsSchema.parse(await kubectl.raw("/apis"));
  return groups.some(({ name }) => name === "security.openshift.io");
}
