import { z } from "zod";
import type { Slo } from "../../config/slo-schema.ts";
import { assessmentSchema, assessTimes, withPassRate, type Assessment } from "./assess.ts";
import { baselineOf } from "./baseline.ts";
import type { ObservedCell } from "./observed-cell.ts";

export const sloReportSchema = z.object({
  limits: z.array(z.object({ name: z.string(), text: z.string() })),
  /** In the order of the plan. */
  cells: z.array(
    assessmentSchema.extend({
      cellId: z.string(),
      arm: z.string(),
      load: z.string(),
      /** Configuration of the agent's engine; absent where the experiment has no `sweep.variants`. */
      variant: z.string().optional(),
    }),
  ),
});
export type SloReport = z.infer<typeof sloReportSchema>;

/** Holds the cells of a sweep against its limits; of a cell only what other cells are compared with is kept. */
export class SloCells {
  readonly #slo: Slo;
  readonly #cells: { readonly cell: Omit<ObservedCell, "values">; readonly times: Assessment }[] = [];

  constructor(slo: Slo) {
    this.#slo = slo;
  }

  add({ values, ...cell }: ObservedCell): void {
    const { passRateDrop } = this.#slo;
    this.#cells.push({
      cell: passRateDrop === null ? { ...cell, outcomes: [] } : cell,
      times: assessTimes([{ ...cell, values }], this.#slo),
    });
  }

  report(): SloReport {
    const all = this.#cells.map(({ cell }) => cell);
    return {
      limits: limitTexts(this.#slo),
      cells: this.#cells.map(({ cell, times }) => {
        const of = { cells: [cell], baseline: baselineOf(all, [cell]) };
        const { cellId, arm, load, variant } = cell;
        return {
          cellId,
          arm,
          load,
          ...(variant !== undefined && { variant }),
          ...withPassRate(times, this.#slo, of),
        };
      }),
    };
  }
}

/** As the experiment has them. */
export function limitTexts({ times, passRateDrop }: Slo): SloReport["limits"] {
  return [
    ...times.map(({ name, text }) => ({ name, text })),
    ...(passRateDrop === null ? [] : [{ name: "passRateDrop", text: passRateDrop.text }]),
  ];
}
