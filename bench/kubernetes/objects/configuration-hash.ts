import { createHash } from "node:crypto";

/** sha256 of what a pod was started with; another one makes Kubernetes start the pod anew. Never of a Secret's values. */
export function configurationHash(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
