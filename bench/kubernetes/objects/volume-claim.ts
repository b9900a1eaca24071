import type { KubernetesManifest } from "../kubectl/kubernetes-object.ts";
import { ownLabels } from "./own-labels.ts";

export interface ClaimFacts {
  readonly name: string;
  readonly namespace: string;
  readonly app: string;
  /** As Kubernetes writes it: `10Gi`. */
  readonly size: string;
  readonly storageClass: string | null;
  /** Default: one node at a time. */
  readonly accessMode?: "ReadWriteOnce" | "ReadWriteMany";
}

export const resultsClaim = "clawbench-results";

export function volumeClaim(facts: ClaimFacts): KubernetesManifest {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: facts.name, namespace: facts.namespace, labels: ownLabels(facts.app) },
    spec: {
      accessModes: [facts.accessMode ?? "ReadWriteOnce"],
      ...(facts.storageClass !== null && { storageClassName: facts.storageClass }),
      resources: { requests: { storage: facts.size } },
    },
  };
}
