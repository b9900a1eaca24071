import type { KubernetesManifest } from "../kubectl/kubernetes-object.ts";
import { configurationHash } from "./configuration-hash.ts";
import { ownLabels } from "./own-labels.ts";
import { fromSecret, providerKeys, secretName, tokenKey } from "./secret.ts";
import type { ClusterSettings } from "./settings.ts";
import { volumeClaim } from "./volume-claim.ts";

export const gatewayDeployment = "openclaw";
export const gatewayContainer = "gateway";
export const gatewayPort = 18_789;
export const gatewayHome = "/home/node/.openclaw";
const homeClaim = "openclaw-home-pvc";
const app = "openclaw";

/**
 * @param secretVersion resource version of the Secret, so that a changed key starts the gateway anew; null when it is not
 *   known (a rendering)
 */
export function openclawObjects(
  settings: ClusterSettings,
  secretVersion: string | null,
): readonly KubernetesManifest[] {
  const configuration = configMap(settings);
  const hash = configurationHash([configuration["data"], secretVersion]);
  return [configuration, homeVolumeClaim(settings), service(settings), deployment(settings, hash)];
}

const metadata = (settings: ClusterSettings, name: string) => ({
  name,
  namespace: settings.namespace,
  labels: ownLabels(app),
});

function configMap(settings: ClusterSettings): KubernetesManifest {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: metadata(settings, "openclaw-config"),
    data: { "openclaw.json": `${JSON.stringify(gatewayConfiguration(settings), null, 2)}\n` },
  };
}

/** Loopback: the sidecar is in the same pod, and nobody else has to reach the gateway. */
function gatewayConfiguration({ openaiBase }: ClusterSettings) {
  return {
    gateway: { mode: "local", bind: "loopback", port: gatewayPort, auth: { mode: "token" } },
    browser: {
      enabled: true,
      headless: true,
      noSandbox: true,
      ssrfPolicy: { allowedHostnames: ["localhost", "127.0.0.1"] },
    },
    tools: { profile: "coding", alsoAllow: ["browser"] },
    agents: { defaults: { workspace: "~/.openclaw/workspace" } },
    cron: { enabled: false },
    ...(openaiBase !== null && { models: { providers: { openai: { baseUrl: openaiBase, models: [] } } } }),
  };
}

function homeVolumeClaim({ namespace, storageClass }: ClusterSettings): KubernetesManifest {
  return volumeClaim({ name: homeClaim, namespace, app, size: "10Gi", storageClass });
}

/** For `kubectl port-forward svc/openclaw 18789`, which reaches the loopback of the pod. */
function service(settings: ClusterSettings): KubernetesManifest {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadata(settings, "openclaw"),
    spec: {
      type: "ClusterIP",
      selector: { app },
      ports: [{ name: "gateway", port: gatewayPort, targetPort: gatewayPort, protocol: "TCP" }],
    },
  };
}

function deployment(settings: ClusterSettings, hash: string): KubernetesManifest {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(settings, gatewayDeployment),
    spec: {
      replicas: 1,
      // The home volume belongs to one pod at a time.
      strategy: { type: "Recreate" },
      selector: { matchLabels: { app } },
      template: {
        metadata: { labels: { app }, annotations: { "tollgate/configuration-sha256": hash } },
        spec: {
          ...(settings.fsGroup !== null && {
            securityContext: { fsGroup: settings.fsGroup, fsGroupChangePolicy: "OnRootMismatch" },
          }),
          initContainers: [prepareHome(), ownConfiguration(settings)],
          containers: [gateway(settings)],
          terminationGracePeriodSeconds: 30,
          volumes: [
            { name: "openclaw-home", persistentVolumeClaim: { claimName: homeClaim } },
            { name: "config-template", configMap: { name: "openclaw-config" } },
            { name: "tmp-volume", emptyDir: {} },
          ],
        },
      },
    },
  };
}

/** Gateway and sidecar may have different users, and both write here. */
const prepareHomeLines = [
  "set -e",
  `cp /config/openclaw.json ${gatewayHome}/openclaw.json`,
  `chmod 666 ${gatewayHome}/openclaw.json`,
  `mkdir -p ${gatewayHome}/workspace ${gatewayHome}/agents`,
  `chmod 777 ${gatewayHome} ${gatewayHome}/workspace ${gatewayHome}/agents`,
  `echo "The gateway's home is prepared"`,
];

function prepareHome() {
  return {
    name: "init-config",
    image: "registry.access.redhat.com/ubi9-minimal:latest",
    command: ["sh", "-c", `${prepareHomeLines.join("\n")}\n`],
    volumeMounts: [
      { name: "openclaw-home", mountPath: gatewayHome },
      { name: "config-template", mountPath: "/config" },
    ],
    resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "200m", memory: "128Mi" } },
  };
}

/**
 * OpenClaw changes its configuration while it runs (`config.patch`, with which Tollgate adds its model provider), and refuses to where the
 * file or its folder is another user's; what root has copied is root's, and so is the top of a volume. So the gateway's own user makes both.
 */
const ownConfigurationFile = `${gatewayHome}/config/openclaw.json`;

function ownConfiguration({ images }: ClusterSettings) {
  const folder = ownConfigurationFile.slice(0, ownConfigurationFile.lastIndexOf("/"));
  return {
    name: "own-config",
    image: images.openclaw,
    imagePullPolicy: "IfNotPresent",
    command: [
      "sh",
      "-c",
      `umask 077 && mkdir -p ${folder} && cp ${gatewayHome}/openclaw.json ${ownConfigurationFile}.new && mv -f ${ownConfigurationFile}.new ${ownConfigurationFile}`,
    ],
    volumeMounts: [{ name: "openclaw-home", mountPath: gatewayHome }],
    resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "200m", memory: "128Mi" } },
  };
}

function gateway(settings: ClusterSettings) {
  return {
    name: gatewayContainer,
    image: settings.images.openclaw,
    imagePullPolicy: "IfNotPresent",
    command: [
      "sh",
      "-c",
      `umask 007 && exec node dist/index.js gateway run --bind loopback --port ${gatewayPort} --allow-unconfigured`,
    ],
    env: [
      { name: "HOME", value: "/home/node" },
      { name: "NODE_ENV", value: "production" },
      { name: "OPENCLAW_CONFIG_DIR", value: gatewayHome },
      { name: "OPENCLAW_STATE_DIR", value: gatewayHome },
      { name: "OPENCLAW_CONFIG_PATH", value: ownConfigurationFile },
      fromSecret(tokenKey, { secret: secretName, key: tokenKey }),
      ...providerKeys.map((key) => fromSecret(key, { secret: secretName, key, optional: true })),
    ],
    ports: [{ name: "gateway", containerPort: gatewayPort, protocol: "TCP" }],
    livenessProbe: { exec: { command: ask }, initialDelaySeconds: 60, periodSeconds: 30, timeoutSeconds: 10 },
    readinessProbe: { exec: { command: ask }, initialDelaySeconds: 30, periodSeconds: 10, timeoutSeconds: 5 },
    resources: { requests: { cpu: "250m", memory: "1Gi" }, limits: { cpu: "2", memory: "4Gi" } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    volumeMounts: [
      { name: "openclaw-home", mountPath: gatewayHome },
      { name: "tmp-volume", mountPath: "/tmp" },
    ],
  };
}

/** From inside, because the gateway listens on the pod's loopback. */
const ask = [
  "node",
  "-e",
  `fetch("http://127.0.0.1:${gatewayPort}/").then((answer) => process.exit(answer.status < 400 ? 0 : 1), () => process.exit(1))`,
];
