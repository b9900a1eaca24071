import { join } from "node:path";
import { fileWriter, ParquetWriter } from "hyparquet-writer";
import { storing } from "../store/storage-error.ts";
import { callRewards } from "./call-returns.ts";
import type { ExportFormat, ExportSettings } from "./format.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";
import { columns, parquetSchema, type ParquetRow } from "./parquet-columns.ts";
import { tokenSequences, type TokenSequence } from "../tokens/token-sequences.ts";

const fileName = "trajectories.parquet";
/** Tokens held before they are written as a row group; the library needs some 200 bytes for each. */
const groupTokensMax = 300_000;
const groupRowsMax = 1_000;

/**
 * One row per token sequence; an episode without token ids has one row whose token columns are null. What belongs to the
 * episode as a whole (texts) stands in its first row only.
 */
export const parquet: ExportFormat = {
  name: "parquet",
  async open(directory, settings) {
    const path = join(directory, fileName);
    const writer = await storing(
      path,
      "Cannot write",
      async () =>
        new ParquetWriter({ writer: fileWriter(path), schema: parquetSchema, createdBy: "tollgate" }),
    );
    let rows: ParquetRow[] = [];
    let tokens = 0;
    const flush = () =>
      storing(path, "Cannot write", async () => {
        if (rows.length > 0) await writer.write({ columnData: columns(rows), rowGroupSize: rows.length });
        rows = [];
        tokens = 0;
      });
    return {
      async write(trajectory) {
        for (const row of rowsOf(trajectory, settings)) {
          rows.push(row);
          tokens += row.input_ids?.length ?? 0;
        }
        if (tokens > groupTokensMax || rows.length >= groupRowsMax) await flush();
        return null;
      },
      async close() {
        await flush();
        await storing(path, "Cannot write", async () => writer.finish());
        return [fileName];
      },
    };
  },
};

function rowsOf(whole: InlinedTrajectory, { style, discount }: ExportSettings): ParquetRow[] {
  const { record, trajectory, recorded } = whole;
  const rewards = callRewards(whole, discount);
  const sequences = recorded === null ? null : tokenSequences(recorded.calls, style);
  const each: readonly (TokenSequence | null)[] =
    sequences === null || sequences.length === 0 ? [null] : sequences;
  return each.map((sequence, index) => ({
    episode_id: record.episodeId,
    group_id: whole.groupId,
    sequence: index,
    arm: record.arm,
    domain: record.domain,
    task_id: record.taskId,
    trial: record.trial,
    agent: record.agent.name,
    simulated: record.simulated,
    status: record.status,
    termination: record.termination,
    reward: record.reward,
    return: sequence === null ? record.reward : (rewards?.[sequence.call]?.return ?? null),
    level: recorded?.level ?? null,
    input_ids: sequence === null ? null : Array.from(sequence.ids),
    loss_mask: sequence === null ? null : Array.from(sequence.turns, (turn) => (turn < 0 ? 0 : 1)),
    logprobs: sequence === null ? null : Array.from(sequence.logprobs),
    ...weightVersions(sequence),
    system: index === 0 ? whole.system : null,
    tools: index === 0 ? whole.tools : null,
    messages: index === 0 ? JSON.stringify(trajectory.messages) : null,
  }));
}

/** A sequence that spans an update of the weights has two. */
function weightVersions(sequence: TokenSequence | null) {
  const generated = sequence?.versions.filter((version) => version >= 0) ?? new Int32Array();
  if (generated.length === 0) return { weight_version_min: null, weight_version_max: null };
  let [min, max] = [Infinity, -Infinity];
  for (const version of generated) [min, max] = [Math.min(min, version), Math.max(max, version)];
  return { weight_version_min: min, weight_version_max: max };
}
