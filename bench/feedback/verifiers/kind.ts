import type { z } from "zod";
import type { Verifier } from "./verifier.ts";

export type VerifierEnvironment = Readonly<Record<string, string | undefined>>;

/** A kind of verifier: what a preference file may say of it, and what it makes of that. All are listed in `kinds.ts`. */
export interface VerifierKind {
  readonly kind: string;
  /** The class of CLaaS that does the same, as its preference files name it; null: CLaaS has none. */
  readonly target: string | null;
  /** Strict, `kind: z.literal(…)` first. */
  readonly schema: z.ZodObject;
  /** @throws {ConfigError} where the machine lacks what the setting names, e.g. a variable of the environment */
  make(setting: unknown, environment: VerifierEnvironment): Verifier;
}

/** Ties a schema to the code that uses what it has read. */
export function verifierKind<Schema extends z.ZodObject>(own: {
  readonly kind: string;
  readonly target?: string;
  readonly schema: Schema;
  readonly make: (setting: z.output<Schema>, environment: VerifierEnvironment) => Omit<Verifier, "kind">;
}): VerifierKind {
  const { kind, target = null, schema, make } = own;
  return {
    kind,
    target,
    schema,
    make: (setting, environment) => ({ kind, ...make(schema.parse(setting), environment) }),
  };
}
