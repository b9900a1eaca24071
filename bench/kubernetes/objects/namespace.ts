import type { KubernetesManifest } from "../kubectl/kubernetes-object.ts";
import { managedBy } from "./own-labels.ts";

/** Only ever made, never applied: a namespace that somebody else made must not get our label. */
export function namespaceManifest(name: string): KubernetesManifest {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { [managedBy.key]: managedBy.value } },
  };
}
