import { join } from "node:path";
import { callRewards } from "./call-returns.ts";
import type { ExportFormat, ExportSettings } from "./format.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";
import { WholeFileWriter } from "./line-writer.ts";
import { batchTensors, turnTensor } from "../tokens/tensor-batch.ts";
import { tokenSequences } from "../tokens/token-sequences.ts";

const fileName = "areal.json";

/**
 * AReaL's view: `{"trajectories": [{episode_id, …, "traj": {…tensors}}]}`, one episode per line of the file. `traj` is what
 * AReaL's `/export_trajectories` answers, its tensors inline instead of behind handles, so that
 * `areal.infra.rpc.serialization.deserialize_value` turns it into a batch of one row per sequence.
 */
export const areal: ExportFormat = {
  name: "areal",
  async open(directory, settings) {
    const lines = new WholeFileWriter(join(directory, fileName));
    await lines.write(`{"v":1,"style":"${settings.style}","discount":${settings.discount},"trajectories":[`);
    let separator = "";
    return {
      async write(trajectory) {
        const line = lineOf(trajectory, settings);
        if ("refused" in line) return { reason: line.refused };
        await lines.write(separator + line.text);
        separator = ",";
        return null;
      },
      async close() {
        await lines.write("]}");
        await lines.close();
        return [fileName];
      },
    };
  },
};

function lineOf(
  trajectory: InlinedTrajectory,
  { style, discount }: ExportSettings,
): { readonly text: string } | { readonly refused: string } {
  const { record, recorded } = trajectory;
  if (recorded === null) return { refused: "no recorded calls: the arm has no recording gateway" };
  const sequences = tokenSequences(recorded.calls, style);
  if (sequences === null) return { refused: `recorded at ${recorded.level}: there are no token ids` };
  if (sequences.length === 0) return { refused: "the gateway recorded no call" };
  const rewards = callRewards(trajectory, discount);
  if (rewards === null) return { refused: "unjudged: there is no reward" };
  const { episodeId, domain, taskId, trial, arm } = record;
  const returns = sequences.map(({ call }) => rewards[call]?.return ?? 0);
  const tensors = batchTensors(sequences, returns);
  return {
    text: JSON.stringify({
      episode_id: episodeId,
      group_id: trajectory.groupId,
      domain,
      task_id: taskId,
      trial,
      arm,
      level: recorded.level,
      recorder: recorded.recorder,
      traj: { ...tensors, original_rewards: tensors.rewards, turn_ids: turnTensor(sequences) },
    }),
  };
}
