import { z } from "zod";
import { ConfigError, messageOf } from "../../errors.ts";
import { kubernetesObjectSchema, type KubernetesObject } from "../kubectl/kubernetes-object.ts";

const mountSchema = z.looseObject({
  name: z.string(),
  mountPath: z.string(),
  subPath: z.string().optional(),
  subPathExpr: z.string().nullish(),
  readOnly: z.boolean().nullish(),
});

const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string().nullish(),
  env: z
    .array(
      z.looseObject({
        name: z.string(),
        value: z.string().nullish(),
        valueFrom: z
          .looseObject({ secretKeyRef: z.looseObject({ name: z.string(), key: z.string() }).nullish() })
          .nullish(),
      }),
    )
    .nullish(),
  envFrom: z.array(z.looseObject({ secretRef: z.looseObject({ name: z.string() }).nullish() })).nullish(),
  command: z.array(z.string()).nullish(),
  args: z.array(z.string()).nullish(),
  ports: z.array(z.looseObject({ name: z.string().nullish(), containerPort: z.number() })).nullish(),
  volumeMounts: z.array(mountSchema).nullish(),
});

const deploymentSchema = kubernetesObjectSchema.extend({
  spec: z.looseObject({
    replicas: z.number().nullish(),
    paused: z.boolean().nullish(),
    selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()).nullish() }).nullish(),
    template: z.looseObject({
      spec: z.looseObject({
        hostNetwork: z.boolean().nullish(),
        containers: z.array(containerSchema).min(1),
        initContainers: z.array(containerSchema).nullish(),
        volumes: z.array(z.looseObject({ name: z.string() })).nullish(),
      }),
    }),
  }),
});

export type GatewayDeployment = z.infer<typeof deploymentSchema>;
export type PodContainer = z.infer<typeof containerSchema>;

/** @throws {ConfigError} for what is no Deployment */
export function readDeployment(object: KubernetesObject): GatewayDeployment {
  const read = deploymentSchema.safeParse(object);
  if (read.success) return read.data;
  throw new ConfigError(
    `${object.kind} ${object.metadata.name} cannot be read as a Deployment: ${messageOf(read.error)}`,
  );
}
