import { z } from "zod";
import { SessionError } from "./session-error.ts";
import type { SessionHttp } from "./session-http.ts";

/** A tensor with its values, flat in row-major order. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export type TensorDict = Readonly<Record<string, Tensor>>;

const inlineSchema = z.object({
  type: z.literal("tensor"),
  data: z.string(),
  shape: z.array(z.int().nonnegative()),
  dtype: z.string(),
});
/** AReaL's `RTensor`: the tensor itself lies in a data proxy's memory until somebody clears it. */
const handleSchema = z.object({
  type: z.literal("dataclass"),
  class_path: z.string(),
  data: z.object({
    shard: z.object({ data: z.object({ shard_id: z.string(), node_addr: z.string() }) }),
    data: z.unknown(),
  }),
});
const clearedSchema = z.object({ cleared_count: z.number(), num_tensors: z.number().optional() });

interface Shard {
  readonly key: string;
  readonly shardId: string;
  readonly nodeAddr: string;
}

/**
 * The tensors of an export: handles are fetched from the data proxies that hold them, which are then told to forget
 * them. Inline tensors are read as they are.
 * @throws {SessionError} when a shard is gone, cannot be read, or is not cleared
 */
export async function fetchTensors(
  http: SessionHttp,
  fields: Readonly<Record<string, unknown>>,
): Promise<TensorDict> {
  const tensors: Record<string, Tensor> = {};
  const shards: Shard[] = [];
  for (const [key, value] of Object.entries(fields)) {
    const handle = handleSchema.safeParse(value);
    if (handle.success) {
      const { shard_id: shardId, node_addr: nodeAddr } = handle.data.data.shard.data;
      shards.push({ key, shardId, nodeAddr });
      continue;
    }
    const inline = inlineSchema.safeParse(value);
    if (inline.success) tensors[key] = decode(http, inline.data);
  }
  for (const [nodeAddr, held] of Map.groupBy(shards, (shard) => shard.nodeAddr)) {
    const fetched = await fetchShards(http, nodeAddr, held);
    for (const [at, { key }] of held.entries()) tensors[key] = tensorAt(http, fetched, at);
  }
  return tensors;
}

/** `/data/*` asks for no key: AReaL trusts the machine it runs on. */
async function fetchShards(http: SessionHttp, nodeAddr: string, held: readonly Shard[]): Promise<Tensor[]> {
  const origin = `http://${nodeAddr}`;
  const body = { shard_ids: held.map(({ shardId }) => shardId) };
  const answer = await http.call("/data/batch", { origin, key: null, body });
  const batch = http.read("/data/batch", answer, z.array(inlineSchema));
  const tensors = batch.map((one) => decode(http, one));
  const cleared = http.read(
    "/data/clear",
    await http.call("/data/clear", { origin, key: null, body, method: "DELETE" }),
    clearedSchema,
  );
  if (cleared.cleared_count !== held.length) {
    throw new SessionError("/data/clear", 200, {
      url: origin,
      detail: `${cleared.cleared_count} of ${held.length} tensors were cleared; the others stay in its memory`,
    });
  }
  return tensors;
}

/**
 * How many tensors a data proxy holds, without touching them; null where it does not tell. Clearing nothing is the one
 * request that answers with a count.
 */
export async function storedTensors(http: SessionHttp, origin: string): Promise<number | null> {
  const body = { shard_ids: [] };
  const answer = await http.call("/data/clear", { origin, key: null, body, method: "DELETE" });
  return http.read("/data/clear", answer, clearedSchema).num_tensors ?? null;
}

function tensorAt(http: SessionHttp, tensors: readonly Tensor[], at: number): Tensor {
  const tensor = tensors[at];
  if (tensor !== undefined) return tensor;
  throw new SessionError("/data/batch", 200, {
    url: http.url,
    detail: `tensor ${at} is missing in its answer`,
  });
}

/** Little-endian bytes in base64; bool takes one byte, and bfloat16 comes as float32. */
function decode(http: SessionHttp, { data, shape, dtype }: z.infer<typeof inlineSchema>): Tensor {
  const bytes = Uint8Array.from(Buffer.from(data, "base64")).buffer;
  const reader = readers[dtype.replace(/^torch\./, "")];
  const values = reader?.(bytes);
  const size = shape.reduce((product, side) => product * side, 1);
  if (values?.length === size) return { shape, values };
  throw new SessionError("/data/batch", 200, {
    url: http.url,
    detail: `a ${dtype} tensor of shape [${shape.join(", ")}] came with ${bytes.byteLength} bytes`,
  });
}

const readers: Readonly<Record<string, (bytes: ArrayBuffer) => number[]>> = {
  int64: (bytes) => Array.from(new BigInt64Array(bytes), Number),
  int32: (bytes) => Array.from(new Int32Array(bytes)),
  float32: (bytes) => Array.from(new Float32Array(bytes)),
  float64: (bytes) => Array.from(new Float64Array(bytes)),
  bool: (bytes) => Array.from(new Uint8Array(bytes)),
};
