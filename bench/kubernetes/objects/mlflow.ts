import type { KubernetesManifest } from "../kubectl/kubernetes-object.ts";
import { ownLabels } from "./own-labels.ts";
import type { ClusterSettings } from "./settings.ts";
import { volumeClaim } from "./volume-claim.ts";

export const mlflowDeployment = "mlflow";
const app = "mlflow";
const port = 5000;
const claim = "mlflow-data-pvc";
const serviceName = "mlflow-service";

/** The tracking server's address inside the cluster. */
export function trackingUriOf(settings: ClusterSettings): string {
  return (
    settings.trackingUri ?? `http://${serviceName}.${settings.mlflowNamespace}.svc.cluster.local:${port}`
  );
}

export function mlflowObjects(settings: ClusterSettings): readonly KubernetesManifest[] {
  const namespace = settings.mlflowNamespace;
  const metadata = (name: string) => ({ name, namespace, labels: ownLabels(app) });
  return [
    volumeClaim({ name: claim, namespace, app, size: "5Gi", storageClass: settings.storageClass }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata(serviceName),
      spec: {
        type: "ClusterIP",
        selector: { app },
        ports: [{ name: "http", port, targetPort: port, protocol: "TCP" }],
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: metadata(mlflowDeployment),
      spec: {
        replicas: 1,
        // SQLite belongs to one server at a time.
        strategy: { type: "Recreate" },
        selector: { matchLabels: { app } },
        template: {
          metadata: { labels: { app } },
          spec: {
            ...(settings.fsGroup !== null && { securityContext: { fsGroup: settings.fsGroup } }),
            containers: [server(settings.images.mlflow)],
            volumes: [{ name: "mlflow-data", persistentVolumeClaim: { claimName: claim } }],
          },
        },
      },
    },
  ];
}

/** Names that clients inside the cluster call it by. From 3.5 on MLflow answers others with 403, and knows none of these by itself. */
const allowedHosts = [
  "localhost",
  "localhost:*",
  "127.0.0.1",
  "127.0.0.1:*",
  "[::1]",
  "[::1]:*",
  "10.*",
  "172.*",
  "192.168.*",
  "fc00:*",
  "fd00:*",
  serviceName,
  `${serviceName}:*`,
  `${serviceName}.*`,
].join(",");

function server(image: string) {
  const probe = { httpGet: { path: "/health", port } };
  return {
    name: "mlflow",
    image,
    command: [
      "mlflow",
      "server",
      "--host",
      "0.0.0.0",
      "--port",
      String(port),
      // Four slashes: the path is absolute, whatever folder the image starts in.
      "--backend-store-uri",
      "sqlite:////mlflow/mlflow.db",
      // Without a default root the server hands artifacts on itself; with one, clients would write to their own disk.
      "--artifacts-destination",
      "/mlflow/artifacts",
      "--serve-artifacts",
    ],
    // As variables and not as flags: 2.x does not know them, and ends at an unknown flag.
    env: [
      { name: "MLFLOW_SERVER_ALLOWED_HOSTS", value: allowedHosts },
      // Eight more processes, for what nobody here uses, which the memory limit would not hold.
      { name: "MLFLOW_SERVER_ENABLE_JOB_EXECUTION", value: "false" },
    ],
    ports: [{ name: "http", containerPort: port, protocol: "TCP" }],
    livenessProbe: { ...probe, initialDelaySeconds: 15, periodSeconds: 30 },
    readinessProbe: { ...probe, initialDelaySeconds: 5, periodSeconds: 10 },
    resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "500m", memory: "1Gi" } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    volumeMounts: [{ name: "mlflow-data", mountPath: "/mlflow" }],
  };
}
