import { randomUUID } from "node:crypto";

/** One recorded call, as AReaL keeps it until it is exported. */
export interface RecordedTokens {
  readonly interactionId: string;
  readonly promptIds: readonly number[];
  readonly outputIds: readonly number[];
  readonly logprobs: readonly number[];
  /** Given to this call; null when it was not. */
  readonly reward: number | null;
}

interface Stored {
  readonly data: string;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** A data proxy's memory of tensors. */
export class TensorStore {
  readonly #shards = new Map<string, Stored>();
  readonly nodeAddr: () => string;

  constructor(nodeAddr: () => string) {
    this.nodeAddr = nodeAddr;
  }

  get size(): number {
    return this.#shards.size;
  }

  /** As `RTensor.remotize`: the handle that goes over the wire instead of the values. */
  handle(tensor: Stored): unknown {
    const shardId = randomUUID();
    this.#shards.set(shardId, tensor);
    const part = (name: string, data: object) => ({
      type: "dataclass",
      class_path: `areal.infra.rpc.rtensor.${name}`,
      data,
    });
    return part("RTensor", {
      shard: part("TensorShardInfo", { shard_id: shardId, node_addr: this.nodeAddr() }),
      data: { type: "tensor", data: null, shape: tensor.shape, dtype: tensor.dtype },
    });
  }

  /** `POST /data/batch`: all or 400. */
  batch(shardIds: readonly string[]): { readonly status: number; readonly body: unknown } {
    const missing = shardIds.filter((id) => !this.#shards.has(id));
    if (missing.length === 0)
      return { status: 200, body: shardIds.map((id) => inline(this.#shards.get(id))) };
    const message = "One or more requested shards were not found";
    return { status: 400, body: { status: "error", message, missing_shard_ids: missing } };
  }

  /** `DELETE /data/clear`. */
  clear(shardIds: readonly string[]): unknown {
    const cleared = shardIds.filter((id) => this.#shards.delete(id)).length;
    return { status: "ok", cleared_count: cleared, num_tensors: this.size, total_bytes: 0 };
  }
}

export function inline(tensor: Stored | undefined): unknown {
  return { type: "tensor", ...tensor };
}

/** The padded tensors of a trajectory: rows in call order, right-padded with 0, versions included. */
export function trajectoryTensors(
  calls: readonly RecordedTokens[],
  discount: number,
): Record<string, Stored> {
  const width = Math.max(...calls.map(({ promptIds, outputIds }) => promptIds.length + outputIds.length));
  const rows = (row: (call: RecordedTokens) => readonly number[]) =>
    calls.flatMap((call) => [...row(call), ...Array<number>(width).fill(0)].slice(0, width));
  const marks = (call: RecordedTokens, prompt: number, output: readonly number[]) => [
    ...call.promptIds.map(() => prompt),
    ...output,
  ];
  const shape = [calls.length, width];
  const ids = rows(({ promptIds, outputIds }) => [...promptIds, ...outputIds]);
  const mask = rows((call) =>
    marks(
      call,
      0,
      call.outputIds.map(() => 1),
    ),
  );
  const versions = rows((call) =>
    marks(
      call,
      -1,
      call.outputIds.map(() => 3),
    ),
  );
  const attention = rows((call) =>
    marks(
      call,
      1,
      call.outputIds.map(() => 1),
    ),
  );
  return {
    input_ids: { data: int64(ids), shape, dtype: "torch.int64" },
    loss_mask: { data: int64(mask), shape, dtype: "torch.int64" },
    logprobs: { data: float32(rows((call) => marks(call, 0, call.logprobs))), shape, dtype: "torch.float32" },
    versions: { data: int64(versions), shape, dtype: "torch.int64" },
    attention_mask: { data: base64(Uint8Array.from(attention)), shape, dtype: "torch.bool" },
    rewards: { data: float32(returns(calls, discount)), shape: [calls.length], dtype: "torch.float32" },
  };
}

/** `r[i] = r[i] + discount * r[i + 1]`, backwards; a call without a reward counts as 0. */
export function returns(calls: readonly RecordedTokens[], discount: number): number[] {
  let next = 0;
  return calls
    .toReversed()
    .map(({ reward }) => (next = (reward ?? 0) + discount * next))
    .toReversed();
}

const base64 = (bytes: ArrayBufferView) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
const int64 = (values: readonly number[]) => base64(BigInt64Array.from(values, BigInt));
const float32 = (values: readonly number[]) => base64(Float32Array.from(values));
