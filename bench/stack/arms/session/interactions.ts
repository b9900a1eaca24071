import { z } from "zod";
import type { SessionExport } from "./dialect.ts";
import { readRows } from "./read-rows.ts";
import { fetchTensors } from "./rtensor.ts";
import type { Answer, SessionHttp } from "./session-http.ts";
import type { TensorRow } from "./tensor-row.ts";

const exportSchema = z.object({
  interactions: z.record(
    z.string(),
    z.object({
      tensor_dict: z.record(z.string(), z.unknown()).optional(),
      reward: z.number().nullish(),
    }),
  ),
});

/** The export of the dialects before v2: one entry per call, by its id, in call order. */
export async function readInteractions(http: SessionHttp, answer: Answer): Promise<SessionExport> {
  const { interactions } = http.read("/export_trajectories", answer, exportSchema);
  const entries = Object.entries(interactions);
  const rows: TensorRow[] = [];
  for (const [interactionId, { tensor_dict: tensors, reward }] of entries) {
    if (tensors === undefined) return { interactions: entries.length, rows: null, raw: answer.text };
    const [row] = readRows(await fetchTensors(http, tensors), { url: http.url, interactionId });
    if (row === undefined) throw http.malformed("/export_trajectories", answer);
    rows.push({ ...row, reward: reward ?? row.reward });
  }
  return { interactions: entries.length, rows, raw: answer.text };
}
