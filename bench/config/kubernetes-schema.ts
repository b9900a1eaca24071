import { z } from "zod";

const name = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
    "write a name as Kubernetes has them: lower case, digits, hyphens",
  );
const quantity = z
  .union([z.string(), z.number()])
  .transform(String)
  .pipe(
    z
      .string()
      .regex(
        /^\d+(\.\d+)?([munkKMGTPE]|[KMGTPE]i)?$/,
        "write a quantity of Kubernetes, e.g. 500m, 4 or 16Gi",
      ),
  );
const resources = z
  .strictObject({
    requests: z.record(z.string(), quantity).optional(),
    limits: z.record(z.string(), quantity).optional(),
  })
  .optional()
  .describe("What the container asks for and may take, e.g. {requests: {cpu: 4, memory: 8Gi}}");
const environment = z
  .record(z.string(), z.string())
  .default({})
  .describe("Environment variables of the container");

const engine = z
  .strictObject({
    image: z.string().min(1),
    command: z.array(z.string()).optional().describe("Default: the image's own"),
    args: z.array(z.string()).optional(),
    environment,
    port: z
      .number()
      .int()
      .min(1)
      .max(65_535)
      .default(30_000)
      .describe("Where it listens on 127.0.0.1 of the pod"),
    readyPath: z
      .string()
      .regex(/^\//, "begin with a slash")
      .default("/health")
      .describe("Page that answers 200 once the engine can be asked"),
    startSeconds: z
      .number()
      .int()
      .positive()
      .default(1800)
      .describe("How long it may take until then: weights are loaded"),
    resources,
  })
  .describe(
    "A model server beside the driver in every pod; the experiment reaches it as stack.kind attach at http://127.0.0.1:PORT",
  );

const toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(["Exists", "Equal"]).optional(),
  value: z.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
  tolerationSeconds: z.number().int().optional(),
});

const spread = z.strictObject({
  topologyKey: z.string().min(1),
  maxSkew: z.number().int().positive().default(1),
  whenUnsatisfiable: z.enum(["DoNotSchedule", "ScheduleAnyway"]).default("ScheduleAnyway"),
});

const settings = z.strictObject({
  image: z
    .string()
    .min(1)
    .optional()
    .describe("Image of Tollgate; default: the environment variable CLAWBENCH_IMAGE"),
  pullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).optional(),
  pullSecrets: z.array(name).default([]).describe("Secrets that the images are pulled with"),
  secrets: z
    .array(name)
    .default([])
    .describe(
      "Secrets whose keys the driver and the engine get as environment variables: what ${NAME} of the experiment stands for",
    ),
  environment,
  resources,
  gpus: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe("GPUs of a pod: of its engine, or of the driver where it has none"),
  gpuResource: z.string().default("nvidia.com/gpu").describe("What the cluster calls a GPU"),
  engine: engine.optional(),
  nodeSelector: z.record(z.string(), z.string()).default({}),
  tolerations: z.array(toleration).default([]),
  topologySpread: z
    .array(spread)
    .default([{ topologyKey: "kubernetes.io/hostname", maxSkew: 1, whenUnsatisfiable: "ScheduleAnyway" }])
    .describe("How the pods of shards are spread; default: over nodes, where that is possible"),
  oneShardPerNode: z
    .boolean()
    .default(false)
    .describe("Never two shards of this run on one node: they would share its processors"),
  volumes: z
    .array(
      z.strictObject({
        claim: name.describe("Volume claim that is there"),
        path: z.string().regex(/^\//, "write an absolute path").describe("Where the containers see it"),
        readOnly: z.boolean().default(true),
      }),
    )
    .default([])
    .describe("Volumes with weights or data, in the driver and the engine"),
  results: z
    .strictObject({
      size: quantity.default("10Gi"),
      storageClass: z.string().optional().describe("Default: the cluster's"),
      accessMode: z
        .enum(["ReadWriteMany", "ReadWriteOnce"])
        .default("ReadWriteMany")
        .describe("ReadWriteOnce only where all pods run on one node"),
    })
    .prefault({})
    .describe("The volume claim that the runs are written to, where it is not there yet"),
  retries: z
    .number()
    .int()
    .nonnegative()
    .default(2)
    .describe("How often a shard whose pod failed is started again, each for itself"),
  parallelism: z.number().int().positive().optional().describe("Shards at once; default: all"),
  serviceAccount: name.optional(),
  priorityClass: name.optional(),
  runtimeClass: name.optional(),
});

export type KubernetesSettings = z.infer<typeof settings>;

/** Where an experiment says nothing. */
export const kubernetesDefaults: KubernetesSettings = settings.parse({});

/** `kubernetes:` of an experiment: the pods of `tollgate k8s run`. Everything else ignores it. */
export const kubernetesSchema = settings
  .optional()
  .describe("Pods of `tollgate k8s run FILE --shards N` (docs/scale.md); ignored by everything else");
