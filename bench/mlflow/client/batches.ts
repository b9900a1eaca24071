/** A value of a metric. `step` and `atMs` tell values of one key apart; of those at one step the latest counts. */
export interface MetricPoint {
  readonly key: string;
  readonly value: number;
  readonly step: number;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

interface Pair {
  readonly key: string;
  readonly value: string;
}

/** What one `runs/log-batch` may hold, in the server's names. */
export interface LogBatch {
  readonly metrics: readonly { key: string; value: number; timestamp: number; step: number }[];
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
}

export interface Loggable {
  readonly metrics: readonly MetricPoint[];
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

/** Limits of the server; of bytes a little less, because names and braces of the request come to it. */
const limits = { metrics: 1000, params: 100, tags: 100, all: 1000, bytes: 900_000 } as const;

/** Everything in as few batches as the server's limits allow: first parameters and tags, then metrics in their order. Pure. */
export function batchesOf({ metrics, params, tags }: Loggable): readonly LogBatch[] {
  const batches: OpenBatch[] = [];
  const room = (kind: "metrics" | "params" | "tags", bytes: number): OpenBatch => {
    const last = batches.at(-1);
    if (last !== undefined && last.has(kind, bytes)) return last;
    const next = new OpenBatch();
    batches.push(next);
    return next;
  };
  const pairs = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([key, value]) => ({ key, value }));
  for (const pair of pairs(params)) room("params", sizeOf(pair)).add("params", pair);
  for (const pair of pairs(tags)) room("tags", sizeOf(pair)).add("tags", pair);
  for (const { key, value, step, atMs } of metrics) {
    const metric = { key, value, timestamp: atMs, step };
    room("metrics", sizeOf(metric)).add("metrics", metric);
  }
  return batches.map(({ batch }) => batch);
}

function sizeOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value)) + 1;
}

class OpenBatch {
  readonly batch = {
    metrics: [] as LogBatch["metrics"][number][],
    params: [] as Pair[],
    tags: [] as Pair[],
  };
  #bytes = 0;

  has(kind: keyof LogBatch, bytes: number): boolean {
    const { metrics, params, tags } = this.batch;
    const count = metrics.length + params.length + tags.length;
    return (
      this.batch[kind].length < limits[kind] && count < limits.all && this.#bytes + bytes <= limits.bytes
    );
  }

  add<Kind extends keyof LogBatch>(kind: Kind, value: LogBatch[Kind][number]): void {
    (this.batch[kind] as LogBatch[Kind][number][]).push(value);
    this.#bytes += sizeOf(value);
  }
}
