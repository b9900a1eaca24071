import { Document, Scalar, visit } from "yaml";
import type { KubernetesManifest } from "../kubectl/kubernetes-object.ts";

/**
 * Manifests as `kubectl apply -f` reads them: YAML of version 1.1, where `yes` and `0o17` without quotes are no text, and
 * without references, which older readers do not know.
 */
export function renderYaml(manifests: readonly KubernetesManifest[]): string {
  return manifests.map((one) => `---\n${rendered(one)}`).join("");
}

/** They end a line in YAML 1.1 wherever they stand, and only a text in quotes can say them in another way. */
const otherLineEnds = /[\u0085\u2028\u2029]/g;

function rendered(manifest: KubernetesManifest): string {
  const document = new Document(manifest, { version: "1.1", aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      // kubectl's reader also knows the octal numbers of version 1.2.
      if (typeof node.value === "string" && /[\u0085\u2028\u2029]|^[-+]?0o[0-7]+$/.test(node.value))
        node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document
    .toString({ lineWidth: 0 })
    .replace(/^%YAML 1\.1\n---\n/, "")
    .replaceAll(otherLineEnds, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
