import type { TokenSequence } from "./token-sequences.ts";

/** A tensor as AReaL's `SerializedTensor`: little-endian raw bytes in base64. */
export interface SerializedTensor {
  readonly type: "tensor";
  readonly data: string;
  readonly shape: readonly number[];
  readonly dtype: `torch.${"int64" | "int32" | "float32" | "bool"}`;
}

/**
 * Sequences as a batch `[N, L]`, padded on the right with 0 to the longest, with AReaL's names and dtypes. Only
 * `attention_mask` tells padding apart.
 * @param returns one per sequence
 */
export function batchTensors(sequences: readonly TokenSequence[], returns: readonly number[]) {
  const shape = [sequences.length, Math.max(0, ...sequences.map(({ ids }) => ids.length))] as const;
  const int64 = (of: (sequence: TokenSequence) => ArrayLike<number>) =>
    tensor("torch.int64", shape, padded64(sequences.map(of), shape));
  return {
    input_ids: int64(({ ids }) => ids),
    loss_mask: int64(({ turns }) => turns.map((turn) => (turn < 0 ? 0 : 1))),
    logprobs: tensor(
      "torch.float32",
      shape,
      padded(
        new Float32Array(shape[0] * shape[1]),
        sequences.map(({ logprobs }) => logprobs),
      ),
    ),
    versions: int64(({ versions }) => versions),
    attention_mask: tensor(
      "torch.bool",
      shape,
      padded(
        new Uint8Array(shape[0] * shape[1]),
        sequences.map(({ ids }) => new Uint8Array(ids.length).fill(1)),
      ),
    ),
    rewards: tensor("torch.float32", [sequences.length], Float32Array.from(returns)),
  };
}

/** Which call generated each token: `turn_ids` of a batch. */
export function turnTensor(sequences: readonly TokenSequence[]): SerializedTensor {
  const shape = [sequences.length, Math.max(0, ...sequences.map(({ ids }) => ids.length))] as const;
  const turns = padded(
    new Int32Array(shape[0] * shape[1]),
    sequences.map((sequence) => sequence.turns),
  );
  return tensor("torch.int32", shape, turns);
}

function tensor(
  dtype: SerializedTensor["dtype"],
  shape: readonly number[],
  data: ArrayBufferView,
): SerializedTensor {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { type: "tensor", data: bytes.toString("base64"), shape, dtype };
}

type Numbers = Float32Array | Uint8Array | Int32Array;

function padded<Array_ extends Numbers>(into: Array_, rows: readonly ArrayLike<number>[]): Array_ {
  const width = rows.length === 0 ? 0 : into.length / rows.length;
  for (const [index, row] of rows.entries()) into.set(row, index * width);
  return into;
}

/** As pairs of 32-bit words: every value fits, and BigInt would cost ten times the time. */
function padded64(rows: readonly ArrayLike<number>[], [, width]: readonly [number, number]): Int32Array {
  const words = new Int32Array(rows.length * width * 2);
  for (const [index, row] of rows.entries()) {
    let at = index * width * 2;
    for (let column = 0; column < row.length; column += 1) {
      const value = row[column] ?? 0;
      words[at] = value;
      words[at + 1] = value < 0 ? -1 : 0;
      at += 2;
    }
  }
  return words;
}
