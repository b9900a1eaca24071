import type { KubernetesSettings } from "../../config/kubernetes-schema.ts";
import { ownLabels } from "../objects/own-labels.ts";
import {
  driverContainer,
  driverMetricsPort,
  experimentPath,
  resultsNameOf,
  resultsPath,
  shardFolder,
  type ShardRunPlan,
} from "./shard-run-plan.ts";

export const runLabel = "tollgate.dev/run";
export const app = "tollgate-shards";

/** Labels of everything that belongs to one sweep. */
export function runLabels(plan: ShardRunPlan): Readonly<Record<string, string>> {
  return { ...ownLabels(app), [runLabel]: resultsNameOf(plan) };
}

/** Names of the objects that the pods use. */
export interface PodParts {
  /** ConfigMap with the experiment. */
  readonly experimentMap: string;
  readonly resultsClaim: string;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * The pod of a shard, without its completion index: a driver, and an engine beside it where the experiment brings one.
 * @param shard `4` in an Indexed Job of four, `2/4` elsewhere
 */
export function shardPod(plan: ShardRunPlan, parts: PodParts, shard: string): Json {
  const { settings } = plan;
  return {
    metadata: { labels: runLabels(plan) },
    spec: {
      restartPolicy: "Never",
      // A driver that is told to stop lets episodes in flight run to their end.
      terminationGracePeriodSeconds: 120,
      enableServiceLinks: false,
      automountServiceAccountToken: false,
      ...placement(plan),
      ...security(plan),
      ...(settings.engine && { initContainers: [engineContainer(settings, settings.engine)] }),
      containers: [driver(plan, shard)],
      volumes: volumes(settings, parts),
    },
  };
}

/** A pod that does nothing and sees the results, for reading them. */
export function readerPod(plan: ShardRunPlan, parts: PodParts): Json {
  return {
    restartPolicy: "Never",
    terminationGracePeriodSeconds: 1,
    automountServiceAccountToken: false,
    ...(plan.settings.pullSecrets.length > 0 && { imagePullSecrets: plan.settings.pullSecrets.map(named) }),
    ...security(plan),
    nodeSelector: plan.settings.nodeSelector,
    tolerations: plan.settings.tolerations,
    containers: [
      {
        ...containerBase(plan.image, plan.settings),
        name: driverContainer,
        command: ["sleep", "86400"],
        volumeMounts: mounts({ ...plan.settings, volumes: [] }),
      },
    ],
    volumes: volumes({ ...plan.settings, volumes: [] }, parts),
  };
}

function driver(plan: ShardRunPlan, shard: string): Json {
  const { settings, split } = plan;
  const gpus = settings.engine === undefined ? settings.gpus : 0;
  return {
    ...containerBase(plan.image, settings),
    name: driverContainer,
    args: [
      "sweep",
      experimentPath,
      "--shard",
      shard,
      "--split",
      split,
      "--out",
      shardFolder(plan),
      "--go-on",
      "--any-verdict",
      "--metrics-port",
      String(driverMetricsPort),
      ...plan.sweepArguments,
    ],
    ...variables(settings.environment, settings),
    resources: withGpus(settings.resources, gpus, settings.gpuResource),
    volumeMounts: mounts(settings),
  };
}

/** As a native sidecar it is ready before the driver begins, and ends with it. */
function engineContainer(
  settings: KubernetesSettings,
  engine: NonNullable<KubernetesSettings["engine"]>,
): Json {
  return {
    ...containerBase(engine.image, settings),
    name: "engine",
    restartPolicy: "Always",
    ...(engine.command && { command: engine.command }),
    ...(engine.args && { args: engine.args }),
    ...variables(engine.environment, settings),
    ports: [{ containerPort: engine.port }],
    startupProbe: {
      httpGet: { path: engine.readyPath, port: engine.port },
      periodSeconds: 2,
      failureThreshold: Math.ceil(engine.startSeconds / 2),
    },
    resources: withGpus(engine.resources, settings.gpus, settings.gpuResource),
    volumeMounts: [
      ...settings.volumes.map((volume, index) => mountOf(volume, index)),
      { name: "shared-memory", mountPath: "/dev/shm" },
    ],
  };
}

function containerBase(image: string, { pullPolicy }: KubernetesSettings): Json {
  return {
    image,
    ...(pullPolicy !== undefined && { imagePullPolicy: pullPolicy }),
    terminationMessagePolicy: "FallbackToLogsOnError",
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  };
}

const named = (name: string) => ({ name });

function variables(
  environment: Readonly<Record<string, string>>,
  { secrets }: Pick<KubernetesSettings, "secrets">,
): Json {
  return {
    env: Object.entries(environment).map(([name, value]) => ({ name, value })),
    ...(secrets.length > 0 && { envFrom: secrets.map((name) => ({ secretRef: { name } })) }),
  };
}

function withGpus(resources: KubernetesSettings["resources"], gpus: number, resource: string): Json {
  if (gpus === 0) return { ...resources };
  return { ...resources, limits: { ...resources?.limits, [resource]: String(gpus) } };
}

function placement(plan: ShardRunPlan): Json {
  const { settings } = plan;
  const own = { matchLabels: { [runLabel]: resultsNameOf(plan) } };
  return {
    nodeSelector: settings.nodeSelector,
    tolerations: settings.tolerations,
    topologySpreadConstraints: settings.topologySpread.map((spread) => ({ ...spread, labelSelector: own })),
    ...(settings.oneShardPerNode && {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey: "kubernetes.io/hostname", labelSelector: own },
          ],
        },
      },
    }),
    ...(settings.pullSecrets.length > 0 && { imagePullSecrets: settings.pullSecrets.map(named) }),
    ...(settings.serviceAccount !== undefined && { serviceAccountName: settings.serviceAccount }),
    ...(settings.priorityClass !== undefined && { priorityClassName: settings.priorityClass }),
    ...(settings.runtimeClass !== undefined && { runtimeClassName: settings.runtimeClass }),
  };
}

/** No user is named: OpenShift chooses one. */
function security({ fsGroup }: ShardRunPlan): Json {
  return { securityContext: { ...(fsGroup !== null && { fsGroup }) } };
}

function mounts(settings: KubernetesSettings): readonly Json[] {
  return [
    { name: "results", mountPath: resultsPath },
    { name: "experiment", mountPath: "/etc/tollgate", readOnly: true },
    { name: "temporary", mountPath: "/tmp" },
    ...settings.volumes.map((volume, index) => mountOf(volume, index)),
  ];
}

function mountOf(volume: KubernetesSettings["volumes"][number], index: number): Json {
  return { name: `data-${index}`, mountPath: volume.path, readOnly: volume.readOnly };
}

function volumes(settings: KubernetesSettings, parts: PodParts): readonly Json[] {
  return [
    { name: "results", persistentVolumeClaim: { claimName: parts.resultsClaim } },
    { name: "experiment", configMap: { name: parts.experimentMap } },
    { name: "temporary", emptyDir: {} },
    // The 64 MiB that containers get are too few for servers that use several GPUs.
    ...(settings.engine === undefined ? [] : [{ name: "shared-memory", emptyDir: { medium: "Memory" } }]),
    ...settings.volumes.map(({ claim, readOnly }, index) => ({
      name: `data-${index}`,
      persistentVolumeClaim: { claimName: claim, readOnly },
    })),
  ];
}
