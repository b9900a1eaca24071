import type { KubernetesManifest } from "../kubectl/kubernetes-object.ts";
import { configurationHash } from "../objects/configuration-hash.ts";
import { configurationMap, experimentMap, resultsVolumeClaim } from "../objects/evaluation.ts";
import { mlflowObjects } from "../objects/mlflow.ts";
import { namespaceManifest } from "../objects/namespace.ts";
import { gatewayHome, openclawObjects } from "../objects/openclaw.ts";
import { secretManifest, secretName, tokenKey } from "../objects/secret.ts";
import type { ClusterSettings } from "../objects/settings.ts";
import { sidecarContainer, sidecarVolumes } from "../objects/sidecar.ts";

export const renderModes = ["openclaw", "mlflow", "attach"] as const;
export type RenderMode = (typeof renderModes)[number];

/**
 * What a mode would apply, without asking a cluster; null is all of it, with the sidecar in the gateway's Deployment.
 * The Secret is there without its values, so that the text can be kept anywhere.
 */
export function renderedObjects(
  mode: RenderMode | null,
  { settings, experiment }: { readonly settings: ClusterSettings; readonly experiment: string | null },
): readonly KubernetesManifest[] {
  const openclaw = openclawObjects(settings, null);
  const evaluation = [
    configurationMap(settings),
    ...(experiment === null ? [] : [experimentMap(settings.namespace, experiment)]),
    resultsVolumeClaim(settings),
  ];
  const mlflow = [namespaceManifest(settings.mlflowNamespace), ...mlflowObjects(settings)];
  const place = [namespaceManifest(settings.namespace), emptySecret(settings)];
  if (mode === "openclaw") return [...place, ...openclaw];
  if (mode === "mlflow") return mlflow;
  if (mode === "attach") return evaluation;
  const attached = openclaw.map((one) =>
    one.kind === "Deployment" ? withSidecar(one, { settings, experiment }) : one,
  );
  return [...place, ...(settings.trackingUri === null ? mlflow : []), ...evaluation, ...attached];
}

/** Server-side apply leaves the keys alone that somebody else puts into it. */
function emptySecret({ namespace }: ClusterSettings): KubernetesManifest {
  const { data: _data, ...manifest } = secretManifest(namespace, {});
  return manifest;
}

interface PodSpec {
  readonly containers: readonly unknown[];
  readonly volumes: readonly { readonly name: string }[];
}

function withSidecar(
  deployment: KubernetesManifest,
  { settings, experiment }: { readonly settings: ClusterSettings; readonly experiment: string | null },
): KubernetesManifest {
  const spec = deployment["spec"] as { readonly template: { readonly spec: PodSpec } };
  const pod = spec.template.spec;
  const container = sidecarContainer({
    image: settings.images.tollgate,
    home: { name: "openclaw-home", mountPath: gatewayHome, homeDirectory: "/home/node" },
    token: { secret: secretName, key: tokenKey },
    configurationSha256: configurationHash([configurationMap(settings)["data"], experiment, null]),
    gatewayPort: null,
    starts: 0,
  });
  const present = new Set(pod.volumes.map(({ name }) => name));
  const volumes = [...pod.volumes, ...sidecarVolumes().filter(({ name }) => !present.has(name))];
  const withIt = { ...pod, containers: [...pod.containers, container], volumes };
  return { ...deployment, spec: { ...spec, template: { ...spec.template, spec: withIt } } };
}
