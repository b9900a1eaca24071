import { z } from "zod";
import { armSchema } from "../../config/arm-schema.ts";
import { compareSegment } from "../../fidelity/compare-segment.ts";
import { rewritesOf } from "../../fidelity/rewrites.ts";
import { segmentsOf } from "../../store/progress.ts";
import { readRun } from "../../store/read-run.ts";
import { segmentPath } from "../../store/run-directory.ts";
import { cellFidelity, type CellFidelity } from "../cell/cell-fidelity.ts";

const armsSchema = z.object({ arms: z.array(z.looseObject({ name: z.string() })).default([]) });

/**
 * Compares the two sides of every arm anew, from the bodies of all segments: a run of an older Tollgate has them, too, and
 * what it says of itself is not taken for granted. Throws RunUnreadableError when the run is damaged.
 */
export async function checkRunFidelity(
  directory: string,
): Promise<readonly { readonly cell: string; readonly fidelity: CellFidelity }[]> {
  const run = await readRun(directory);
  const specs = armsSchema.safeParse(run.identity.resolved).data?.arms ?? [];
  const checked: { cell: string; fidelity: CellFidelity }[] = [];
  for (const { cellId, arm } of run.identity.cells) {
    const spec = armSchema.safeParse(specs.find(({ name }) => name === arm)).data;
    const rewrites = spec === undefined ? [] : rewritesOf(spec);
    const segments = segmentsOf(run.records).filter((segment) => segment.cellId === cellId);
    const facts = [];
    for (const segment of segments)
      facts.push(
        await compareSegment(segmentPath(run.directory, segment), { name: arm, innerTapped: true, rewrites }),
      );
    const fidelity = cellFidelity(facts);
    if (fidelity !== null) checked.push({ cell: cellId, fidelity });
  }
  return checked;
}
