import { messageOf, StartError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import type { PlannedCellRun } from "./remaining-work.ts";
import type { RunOutcome } from "./run-outcome.ts";

/** Cells that follow each other on one configuration of the engine. */
export interface VariantStretch {
  /** undefined where the experiment has no variants. */
  readonly variant: string | undefined;
  readonly cells: readonly PlannedCellRun[];
}

/** The cells with something left to do, parted where the engine has to be another one. */
export function stretchesOf(cells: readonly PlannedCellRun[]): readonly VariantStretch[] {
  const stretches: { variant: string | undefined; cells: PlannedCellRun[] }[] = [];
  for (const cell of cells) {
    if (cell.remaining.length === 0) continue;
    const { variant } = cell.cell;
    const last = stretches.at(-1);
    if (last !== undefined && last.variant === variant) last.cells.push(cell);
    else stretches.push({ variant, cells: [cell] });
  }
  return stretches;
}

interface OverVariants {
  readonly measure: (stretch: VariantStretch) => Promise<RunOutcome>;
  /** False once somebody asked to stop. */
  readonly admits: () => boolean;
  readonly tell: (line: string) => void;
}

/**
 * Measures one stretch after the other. A variant whose engine does not start, or fails the preflight, is given up, and the others
 * are measured all the same: a night of measuring is not lost because one configuration does not fit the GPUs.
 * @throws what the first of them failed with, where nothing at all could be measured
 */
export async function overVariants(
  stretches: readonly VariantStretch[],
  { measure, admits, tell }: OverVariants,
): Promise<RunOutcome> {
  const [only, ...others] = stretches;
  if (only === undefined) return { reason: "complete" };
  if (others.length === 0) return await measure(only);
  const givenUp = new Map<string | undefined, StartError>();
  const failures: { readonly message: string; readonly exitCode?: number }[] = [];
  let unfinished = false;
  let measured = false;
  for (const stretch of stretches) {
    const { variant } = stretch;
    if (!admits()) return { reason: "interrupted" };
    if (givenUp.has(variant)) continue;
    try {
      const outcome = await measure(stretch);
      measured = true;
      if (outcome.reason === "interrupted") unfinished = true;
      if (outcome.reason === "failed") failures.push(ofVariant(variant, outcome));
    } catch (thrown) {
      if (!(thrown instanceof StartError) || !admits()) throw thrown;
      givenUp.set(variant, thrown);
      failures.push(ofVariant(variant, { message: messageOf(thrown), exitCode: exitCodes.startFailed }));
      tell(`variant ${String(variant)} is given up: ${messageOf(thrown)}`);
    }
  }
  const [first] = givenUp.values();
  if (!measured && first !== undefined) throw first;
  if (!admits()) return { reason: "interrupted" };
  if (failures.length === 0) return { reason: unfinished ? "interrupted" : "complete" };
  const exitCode = failures.find((failure) => failure.exitCode !== undefined)?.exitCode;
  const message = failures.map((failure) => failure.message).join("\n");
  return { reason: "failed", message, ...(exitCode !== undefined && { exitCode }) };
}

function ofVariant(
  variant: string | undefined,
  { message, exitCode }: { readonly message: string; readonly exitCode?: number },
) {
  return {
    message: `Variant ${String(variant)}: ${message}`,
    ...(exitCode !== undefined && { exitCode }),
  };
}
