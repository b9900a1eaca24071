import { SessionError } from "./session-error.ts";
import type { Tensor, TensorDict } from "./rtensor.ts";
import type { TensorRow } from "./tensor-row.ts";

const required = ["input_ids", "loss_mask", "logprobs", "versions", "attention_mask"] as const;

/**
 * Rows of padded tensors [N, L] as AReaL exports them, the padding cut off by `attention_mask` (the only reliable
 * marker: versions are 0 there, which is a version).
 * @throws {SessionError} for tensors that are missing or differ in shape
 */
export function readRows(
  tensors: TensorDict,
  options: { readonly url: string; readonly interactionId: string | null },
): TensorRow[] {
  const broken = (detail: string) =>
    new SessionError("/export_trajectories", 200, { url: options.url, detail });
  const absent = required.filter((key) => tensors[key] === undefined);
  if (absent.length > 0) throw broken(`the export has no ${absent.join(", ")}`);
  const [rows = 0, width = 0] = tensors["input_ids"]?.shape ?? [];
  const uneven = required.filter((key) => tensors[key]?.shape.join() !== `${rows},${width}`);
  if (uneven.length > 0) throw broken(`${uneven.join(", ")} have another shape than input_ids`);
  const rowOf = (key: (typeof required)[number], row: number) =>
    tensors[key]?.values.slice(row * width, (row + 1) * width) ?? [];
  return Array.from({ length: rows }, (_, row) => {
    const mask = rowOf("attention_mask", row);
    const end = mask.indexOf(0) === -1 ? width : mask.indexOf(0);
    return {
      interactionId: options.interactionId,
      inputIds: rowOf("input_ids", row).slice(0, end),
      lossMask: rowOf("loss_mask", row).slice(0, end),
      logprobs: rowOf("logprobs", row).slice(0, end),
      versions: rowOf("versions", row).slice(0, end),
      reward: rewardOf(tensors["rewards"], row),
    };
  });
}

function rewardOf(rewards: Tensor | undefined, row: number): number | null {
  return rewards?.values[row] ?? null;
}
