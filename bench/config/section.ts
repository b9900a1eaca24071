import { z } from "zod";
import { closestWord } from "./closest-word.ts";

/**
 * A part of the experiment file that something from outside `config` brings: a workload, an agent, a sink. `config` reads
 * and checks it, and knows none of its words.
 */
export interface Section {
  readonly kind: string;
  /** Strict, `kind: z.literal(…)` first, every key with its description, and with its default where it has one. */
  readonly schema: z.ZodObject;
  /**
   * Keys that hold paths, each with the environment variable that overrides it (null for none). A path is relative to the
   * experiment file, and to the working directory when it comes from the environment. It is where something lies and
   * not what it is: no id is made of it.
   */
  readonly paths?: Readonly<Record<string, string | null>>;
  /** Keys that make another run, but not other episodes, e.g. which tasks are run and how often. */
  readonly choices?: readonly string[];
}

/** The sections that an experiment file may hold. The first of a list is the default where `kind` is left out. */
export interface Sections {
  readonly workloads: readonly Section[];
  readonly agents: readonly Section[];
  readonly sinks: readonly Section[];
}

/** `trials` of every workload. */
export const trialsSetting = z
  .number()
  .int()
  .min(1)
  .max(10_000)
  .default(1)
  .describe("Repetitions of each task (pass^k needs k of them)");

/** `limit` of workloads with a data set. */
export const limitSetting = z
  .number()
  .int()
  .min(1)
  .optional()
  .describe("The first N of the data, in its order; every score then says that it is partial (absent: all)");

/** `smoke` of workloads that take answers from what a model writes. */
export const smokeSetting = z
  .number()
  .int()
  .min(0)
  .default(5)
  .describe(
    "Stop when none of the first N samples of an arm holds an answer: then its form is wrong, not the model. What was sampled counts when the run is gone on with; 0 = never",
  );

/** `seed` of workloads whose requests carry one. */
export const seedSetting = z
  .number()
  .int()
  .min(0)
  .max(2 ** 31 - 1)
  .default(1)
  .describe("Seed of the first trial's requests; each further trial has the next number");

/** `simulated` of workloads that a simulated engine can play. */
export const simulatedSetting = z
  .strictObject({
    correct: z.number().min(0).max(1).default(1).describe("Share of its answers that are right"),
  })
  .optional()
  .describe("What a simulated engine knows of these tasks; real servers never see it");

/** What every workload's section has. */
export interface WorkloadSection {
  readonly kind: string;
  /** Repetitions of each task. */
  readonly trials: number;
}

/** What every agent's section has. */
export interface AgentSection {
  readonly kind: string;
}

/** What every item of `sinks:` has. */
export interface SinkSection {
  readonly kind: string;
}

/** `sinks:` of the file: none is the default. */
export function sinksSchema(sections: readonly Section[]): z.ZodType<readonly SinkSection[] | undefined> {
  return z
    .array(
      choiceOf(
        sections.map(({ schema }) => schema),
        sections,
      ) as unknown as z.ZodType<SinkSection>,
    )
    .optional()
    .describe("Where results go beside the run directory; what fails there never touches the run");
}

/** The schema of one section of the file: a choice between kinds. */
export function sectionSchema<Value extends { readonly kind: string }>(
  sections: readonly Section[],
): z.ZodType<Value> {
  const [standard, ...others] = sections;
  if (standard === undefined) throw new Error("an experiment file has no section without a kind");
  const about = z.globalRegistry.get(standard.schema.shape["kind"] ?? z.never())?.description ?? "";
  const withDefault = standard.schema.extend({
    kind: z.literal(standard.kind).default(standard.kind).describe(about),
  });
  const choice = choiceOf([withDefault, ...others.map(({ schema }) => schema)], sections);
  const withKind = (input: unknown) =>
    isMapping(input) && input["kind"] === undefined ? { ...input, kind: standard.kind } : input;
  // What the sections themselves say of their values is not known here; their owners name the type.
  return z.preprocess(withKind, choice) as unknown as z.ZodType<Value>;
}

function choiceOf(options: readonly z.ZodObject[], sections: readonly Section[]) {
  const [first = z.object({}), ...others] = options;
  const kinds = sections.map(({ kind }) => kind);
  return z.discriminatedUnion("kind", [first, ...others], {
    error: ({ input }) => unknownKind(input, kinds),
  });
}

function unknownKind(input: unknown, kinds: readonly string[]): string {
  const given = isMapping(input) ? input["kind"] : undefined;
  if (typeof given !== "string") return `must be a mapping whose kind is one of ${kinds.join(", ")}`;
  const near = closestWord(given, kinds);
  return `unknown kind ${JSON.stringify(given)}; known: ${kinds.join(", ")}.${near ? ` Did you mean ${near}?` : ""}`;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** The section of a value. */
export function sectionOf(sections: readonly Section[], { kind }: { readonly kind: string }): Section {
  const found = sections.find((section) => section.kind === kind);
  if (found === undefined) throw new Error(`a section of kind ${kind} passed the schema and is not known`);
  return found;
}

/** What of a section's value goes into ids. */
export interface SectionIdentity {
  /** Of the run's fingerprint. */
  readonly run: Readonly<Record<string, unknown>>;
  /** Of the episodes' ids. */
  readonly episode: Readonly<Record<string, unknown>>;
}

export interface SectionIdentities {
  readonly agent: SectionIdentity;
  readonly workload: SectionIdentity;
}

export function sectionIdentities(
  { agent, workload }: { readonly agent: AgentSection; readonly workload: WorkloadSection },
  { agents, workloads }: Sections,
): SectionIdentities {
  return {
    agent: identityOf(sectionOf(agents, agent), agent),
    workload: identityOf(sectionOf(workloads, workload), workload),
  };
}

function identityOf({ paths, choices }: Section, value: object): SectionIdentity {
  const run = without(value, Object.keys(paths ?? {}));
  return { run, episode: without(run, choices ?? []) };
}

function without(value: object, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}
