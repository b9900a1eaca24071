import { discountedReturns } from "./returns.ts";
import type { TokenRow } from "./token-rows.ts";

/** A tensor in the form that AReaL's `deserialize_value` takes: little-endian values in base64. */
export interface SerializedTensor {
  readonly type: "tensor";
  readonly data: string;
  readonly shape: readonly number[];
  readonly dtype: "torch.int64" | "torch.float32" | "torch.bool";
}

export interface RewardedRow {
  readonly row: TokenRow;
  readonly return: number;
}

/**
 * Rows as AReaL's v2 export has them, with the tensors in place of handles: `[rows, longest]`, padded on the right with 0.
 * `attention_mask` is the only marker of padding; `rewards` are discounted returns.
 */
export function tensorsOf(rows: readonly RewardedRow[]): Readonly<Record<string, SerializedTensor>> {
  const width = Math.max(0, ...rows.map(({ row }) => row.ids.length));
  const shape = [rows.length, width];
  const int64 = (values: (row: TokenRow) => ArrayLike<number>) => {
    const whole = new BigInt64Array(rows.length * width);
    for (const [at, { row }] of rows.entries())
      for (const [place, value] of Array.from(values(row)).entries())
        whole[at * width + place] = BigInt(value);
    return tensor(whole, shape, "torch.int64");
  };
  const logprobs = new Float32Array(rows.length * width);
  const attention = new Uint8Array(rows.length * width);
  for (const [at, { row }] of rows.entries()) {
    logprobs.set(row.logprobs, at * width);
    attention.fill(1, at * width, at * width + row.ids.length);
  }
  const rewards = Float32Array.from(rows, ({ return: value }) => value);
  return {
    input_ids: int64(({ ids }) => ids),
    loss_mask: int64(({ mask }) => mask),
    logprobs: tensor(logprobs, shape, "torch.float32"),
    versions: int64(({ versions }) => versions),
    attention_mask: tensor(attention, shape, "torch.bool"),
    rewards: tensor(rewards, [rows.length], "torch.float32"),
  };
}

function tensor(
  values: ArrayBufferView,
  shape: readonly number[],
  dtype: SerializedTensor["dtype"],
): SerializedTensor {
  const data = Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
  return { type: "tensor", data, shape, dtype };
}

/** Rows with the returns of their last calls. `rewards`: of every call, in call order. */
export function withReturns(
  rows: readonly TokenRow[],
  rewards: readonly (number | null)[],
  discount: number,
): readonly RewardedRow[] {
  const returns = discountedReturns(rewards, discount);
  return rows.map((row) => ({ row, return: returns[row.call] ?? 0 }));
}
