import { stringify } from "yaml";
import type { KubernetesManifest } from "../kubectl/kubernetes-object.ts";

/** Manifests as `kubectl apply -f` reads them. */
export function renderYaml(manifests: readonly KubernetesManifest[]): string {
  return manifests.map((one) => `---\n${stringify(one, { lineWidth: 0 })}`).join("");
}
