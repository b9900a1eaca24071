import { z } from "zod";
import { kubernetesObjectSchema, type KubernetesObject } from "../kubectl/kubernetes-object.ts";

const endSchema = z.looseObject({
  exitCode: z.number().nullish(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
  finishedAt: z.string().nullish(),
});

const stateSchema = z.looseObject({
  waiting: z.looseObject({ reason: z.string().nullish(), message: z.string().nullish() }).nullish(),
  running: z.looseObject({ startedAt: z.string().nullish() }).nullish(),
  terminated: endSchema.nullish(),
});

const containerStatusSchema = z.looseObject({
  name: z.string(),
  ready: z.boolean().nullish(),
  restartCount: z.number().nullish(),
  image: z.string().nullish(),
  state: stateSchema.nullish(),
  lastState: stateSchema.nullish(),
});
export type ContainerStatus = z.infer<typeof containerStatusSchema>;

const conditionSchema = z.looseObject({
  type: z.string(),
  status: z.string(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
});

const podSchema = kubernetesObjectSchema.extend({
  spec: z
    .looseObject({
      nodeName: z.string().nullish(),
      containers: z.array(z.looseObject({ name: z.string() })).nullish(),
      volumes: z
        .array(
          z.looseObject({
            name: z.string(),
            persistentVolumeClaim: z.looseObject({ claimName: z.string() }).nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
  status: z
    .looseObject({
      phase: z.string().nullish(),
      reason: z.string().nullish(),
      message: z.string().nullish(),
      conditions: z.array(conditionSchema).nullish(),
      initContainerStatuses: z.array(containerStatusSchema).nullish(),
      containerStatuses: z.array(containerStatusSchema).nullish(),
    })
    .nullish(),
});

/** A pod, as far as one has to know why it does not run. */
export type Pod = z.infer<typeof podSchema>;

export function readPod(object: KubernetesObject): Pod {
  return podSchema.parse(object);
}

export const statusesOf = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

const rolledOutSchema = kubernetesObjectSchema.extend({
  spec: z.looseObject({
    replicas: z.number().nullish(),
    selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()).nullish() }),
  }),
  status: z
    .looseObject({
      observedGeneration: z.number().nullish(),
      replicas: z.number().nullish(),
      updatedReplicas: z.number().nullish(),
      availableReplicas: z.number().nullish(),
      conditions: z.array(conditionSchema).nullish(),
    })
    .nullish(),
});

/** A Deployment, as far as one has to know how far it is. */
export type RolledOut = z.infer<typeof rolledOutSchema>;

export function readRolledOut(object: KubernetesObject): RolledOut {
  return rolledOutSchema.parse(object);
}

/** Whether all pods are of the newest version, and available. */
export function isRolledOut({ metadata, spec, status }: RolledOut): boolean {
  const wanted = spec.replicas ?? 1;
  return (
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status?.updatedReplicas ?? 0) === wanted &&
    (status?.availableReplicas ?? 0) === wanted &&
    (status?.replicas ?? 0) === wanted
  );
}

const eventSchema = kubernetesObjectSchema.extend({
  reason: z.string().nullish(),
  message: z.string().nullish(),
  type: z.string().nullish(),
  involvedObject: z.looseObject({ kind: z.string().nullish(), name: z.string().nullish() }).nullish(),
});

export interface WarningEvent {
  readonly reason: string;
  readonly message: string;
  readonly about: { readonly kind: string; readonly name: string };
}

/** What the cluster warns of; what cannot be read is left out, because events only explain. */
export function readWarnings(objects: readonly KubernetesObject[]): readonly WarningEvent[] {
  return objects.flatMap((object) => {
    const { success, data } = eventSchema.safeParse(object);
    if (!success || data.type !== "Warning") return [];
    const about = { kind: data.involvedObject?.kind ?? "", name: data.involvedObject?.name ?? "" };
    return [{ reason: data.reason ?? "", message: data.message ?? "", about }];
  });
}
