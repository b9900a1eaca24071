import { z } from "zod";

const texts = z.record(z.string(), z.string()).nullish();

/** What every object of Kubernetes has; the rest of it is kept as it came. */
export const kubernetesObjectSchema = z.looseObject({
  apiVersion: z.string().default(""),
  kind: z.string().default(""),
  metadata: z.looseObject({
    name: z.string().default(""),
    namespace: z.string().optional(),
    uid: z.string().optional(),
    resourceVersion: z.string().optional(),
    generation: z.number().optional(),
    labels: texts,
    annotations: texts,
    deletionTimestamp: z.string().nullish(),
    creationTimestamp: z.string().nullish(),
    ownerReferences: z
      .array(z.looseObject({ kind: z.string().nullish(), name: z.string().nullish() }))
      .nullish(),
  }),
});

/** An object as the API server tells it. */
export type KubernetesObject = z.infer<typeof kubernetesObjectSchema>;

export const objectListSchema = z.looseObject({ items: z.array(kubernetesObjectSchema).nullish() });

/** An object as it is asked for. */
export interface KubernetesManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** `Deployment openclaw`, for messages. */
export function nameOf({ kind, metadata }: Pick<KubernetesManifest, "kind" | "metadata">): string {
  return `${kind} ${metadata.name}`;
}

/** One step of a JSON patch (RFC 6902). */
export interface PatchStep {
  readonly op: "add" | "remove" | "replace" | "test";
  readonly path: string;
  readonly value?: unknown;
}

/** A key as a part of a JSON pointer. */
export const pointerPart = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");
