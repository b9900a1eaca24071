import { z } from "zod";
import { layered, mergedOver, plainValue, type ImpliedKind } from "./layered.ts";
import { stackSchema, type StackSpec } from "./stack-schema.ts";

/**
 * Cells are named after variants, `c04-r0-fp8--gateway`. Two hyphens end the name there, so none has them: otherwise two pairs of a
 * variant and an arm could give one name.
 */
const variantName = z
  .string()
  .regex(
    /^(?=.{1,30}$)[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*$/,
    "is no name for a variant: write up to 30 letters and digits, with single dashes, dots or underscores between them",
  );

/** Named changes of the agent's engine. What a change may hold is checked with the stack that it changes. */
export const variantsSchema = z
  .record(variantName, z.record(z.string(), z.unknown()))
  .refine((variants) => Object.keys(variants).length > 0, "names no variant; leave it out, or name one")
  .optional()
  .describe(
    "Configurations of the agent's engine that are compared, by name: each holds the keys of stack.agent that are different in it, e.g. fp8: {quantization: fp8}; {} changes nothing. The first is the one that the others are compared with. Every variant runs the whole sweep, on an engine that is started for it",
  );

/** What has variants: an experiment, whole or in part. */
export interface Varied {
  readonly stack: StackSpec;
  readonly sweep: {
    readonly variants?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
  };
}

/** In the order of the file; none where the experiment has none. */
export function variantNames({ sweep }: Pick<Varied, "sweep">): readonly string[] {
  return Object.keys(sweep.variants ?? {});
}

/** The experiment as it is in a variant; the experiment itself where no variant is named. */
export function withVariant<Of extends Varied>(experiment: Of, name: string | undefined): Of {
  if (name === undefined) return experiment;
  const change = experiment.sweep.variants?.[name];
  if (change === undefined) throw new Error(`the experiment has no variant ${name}`);
  const { stack } = changedStack({ stack: experiment.stack }, change);
  return { ...experiment, stack: stackSchema.parse(stack) };
}

/** The same of an experiment as `run.json` has it, of whatever version. */
export function resolvedInVariant(
  resolved: Readonly<Record<string, unknown>>,
  name: string | undefined,
): Readonly<Record<string, unknown>> {
  const sweep = variedSchema.safeParse(resolved["sweep"]).data;
  return name === undefined ? resolved : changedStack(resolved, sweep?.variants[name] ?? {});
}

const variedSchema = z.object({ variants: z.record(z.string(), z.unknown()) });

/** A server by command line names no kind. */
const impliedKind: ImpliedKind = (path) => (path.join(".") === "stack.agent" ? "command" : undefined);

/** A copy of what a file says, with another agent's engine: mappings are merged key by key, lists and values are replaced. */
export function changedStack<Of extends { readonly stack?: unknown }>(plain: Of, change: unknown): Of {
  const { stack } = plain;
  const under = layered({ stack }, null);
  const over = layered({ stack: { agent: change } }, null);
  return { ...plain, ...(plainValue(mergedOver(over, under, impliedKind)) as Pick<Of, "stack">) };
}
