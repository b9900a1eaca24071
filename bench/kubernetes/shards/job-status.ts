import { z } from "zod";
import { kubernetesObjectSchema, type KubernetesObject } from "../kubectl/kubernetes-object.ts";

const jobSchema = kubernetesObjectSchema.extend({
  spec: z.looseObject({ completions: z.number().nullish() }).nullish(),
  status: z
    .looseObject({
      active: z.number().nullish(),
      ready: z.number().nullish(),
      succeeded: z.number().nullish(),
      failed: z.number().nullish(),
      completedIndexes: z.string().nullish(),
      failedIndexes: z.string().nullish(),
      conditions: z
        .array(
          z.looseObject({
            type: z.string(),
            status: z.string(),
            reason: z.string().nullish(),
            message: z.string().nullish(),
          }),
        )
        .nullish(),
    })
    .nullish(),
});

/** How far a Job is. */
export interface JobStatus {
  readonly name: string;
  readonly completed: readonly number[];
  readonly failed: readonly number[];
  readonly active: number;
  /** Pods of it that failed, those of shards that were started again included. */
  readonly failedPods: number;
  /** null while it goes on. */
  readonly end: { readonly complete: boolean; readonly why: string | null } | null;
}

/** @param index of the shard, for a Job of one shard */
export function jobStatus(object: KubernetesObject, index: number | null = null): JobStatus {
  const { metadata, status } = jobSchema.parse(object);
  const met = (type: string) => status?.conditions?.find((one) => one.type === type && one.status === "True");
  const [complete, failed] = [met("Complete"), met("Failed")];
  const own = index === null ? [] : [index];
  const why = [failed?.reason, failed?.message].filter((part) => part != null && part !== "").join(": ");
  return {
    name: metadata.name,
    completed: index === null ? indexesIn(status?.completedIndexes) : complete ? own : [],
    failed: index === null ? indexesIn(status?.failedIndexes) : failed ? own : [],
    active: status?.active ?? 0,
    failedPods: status?.failed ?? 0,
    end:
      complete !== undefined
        ? { complete: true, why: null }
        : failed !== undefined
          ? { complete: false, why: why === "" ? null : why }
          : null,
  };
}

/** `0-2,5` as Kubernetes writes indexes. */
export function indexesIn(text: string | null | undefined): readonly number[] {
  return (text ?? "").split(",").flatMap((part) => {
    const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(part.trim()) ?? [];
    if (from === undefined || to === undefined) return [];
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => Number(from) + at);
  });
}

/** The other way round, for people: `0-2, 5`. */
export function indexText(indexes: readonly number[]): string {
  const sorted = indexes.toSorted((a, b) => a - b);
  const spans: [number, number][] = [];
  for (const index of sorted) {
    const last = spans.at(-1);
    if (last !== undefined && last[1] === index - 1) last[1] = index;
    else spans.push([index, index]);
  }
  return spans.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(", ");
}
