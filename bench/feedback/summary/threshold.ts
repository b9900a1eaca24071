/** A comparison with a number, as the file of a run states it, e.g. `>= 0.8`, `< -1e-3`. */
export const thresholdForm: RegExp = /^\s*(>=|>|<=|<)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*$/;

/** Whether a value is what was asked for; null: there is none. */
export function meets(value: number | null, threshold: string): boolean | null {
  const [, comparison, limit] = thresholdForm.exec(threshold) ?? [];
  if (limit === undefined)
    throw new Error(`${JSON.stringify(threshold)} passed the schema and is no threshold`);
  if (value === null || !Number.isFinite(value)) return null;
  const bound = Number(limit);
  if (comparison === ">") return value > bound;
  if (comparison === ">=") return value >= bound;
  return comparison === "<" ? value < bound : value <= bound;
}
