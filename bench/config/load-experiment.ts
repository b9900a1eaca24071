import { resolve } from "node:path";
import type { z } from "zod";
import { ConfigError } from "../errors.ts";
import { type Experiment, experimentSchema } from "./experiment.ts";
import { describeIssue } from "./describe-issue.ts";
import { interpolate } from "./interpolate.ts";
import { layered, mergedOver, originAt, plainValue, type ImpliedKind, type Layered } from "./layered.ts";
import { asLists, singleValues } from "./list-of-one.ts";
import { otherKindOfFile } from "./other-kind-of-file.ts";
import { resolvePaths, type FolderAt } from "./path-setting.ts";
import { recorded } from "./recorded.ts";
import {
  sectionIdentities,
  sectionOf,
  type Section,
  type SectionIdentities,
  type Sections,
} from "./section.ts";
import { readSetArgument, withSetting, type SetArgument } from "./set-argument.ts";
import { withVariantValues, writtenVariants } from "./variant-settings.ts";
import { lineAt, readWrittenFiles, type WrittenFile } from "./written-file.ts";

export interface LoadExperimentOptions {
  /** What the file may hold besides what `config` knows. */
  readonly sections: Sections;
  /** `--set` arguments, e.g. `sweep.concurrency=[1,2]`; values are YAML. */
  readonly set?: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Base of relative paths that come from the environment. */
  readonly workingDirectory: string;
}

export interface LoadedExperiment {
  /** With the values of environment variables, and with absolute paths: for the processes of a run, and for no file. */
  readonly experiment: Experiment;
  /** The same without keys, see `recorded.ts`: for `run.json` and for everything that is printed. */
  readonly recorded: Experiment;
  /** As `recorded`, with paths as they were written: what ids are made of. */
  readonly written: Experiment;
  /** Of `written`. */
  readonly identities: SectionIdentities;
  /** Its arms as they stand in the file, with references and keys; empty where the file names none. */
  readonly rawArms: readonly unknown[];
  /** Absolute; of a shipped experiment that was named and is not here. */
  readonly file: string;
}

/**
 * Reads and checks an experiment file, with the files that it extends. Relative paths are relative to the file that wrote them;
 * those that come from an environment variable are relative to the working directory.
 * @throws {ConfigError} with file, line and path of every problem, and a suggestion for an unknown key.
 */
export function loadExperiment(file: string, options: LoadExperimentOptions): LoadedExperiment {
  const { environment, sections } = options;
  const whole = readWhole(file, options);
  const asWritten = whole.settings.reduce(withSetting, plainValue(whole.content));
  const fileAt = (path: readonly string[]) => writerOf(whole, path).name;
  const interpolated = interpolate(asWritten, { environment, fileAt });
  const schema = experimentSchema(sections);
  const [raw, plain] = withLists([asWritten, interpolated], schema);
  const parsed = schema.safeParse(plain);
  const problems = problemsOf(plain, schema, whole);
  if (!parsed.success || problems.length > 0) {
    const lines = [...problems.map((line) => `  ${line}`), otherKindOfFile(plain, "experiment") ?? []].flat();
    throw new ConfigError(`${file} cannot be used:\n${lines.join("\n")}`);
  }
  const folderAt: FolderAt = (path) => writerOf(whole, path).folder;
  const located = schema.parse(
    withVariantValues(resolvePaths(plain, schema, folderAt), ({ name }) => {
      const variant = writtenVariants(plain).find((one) => one.name === name);
      return resolvePaths(variant?.plain, schema, (path) => folderAt(variant?.writtenAt(path) ?? path));
    }),
  );
  const experiment = resolveSections(located, { folderAt, ...options });
  const written = recorded(parsed.data, raw);
  return {
    experiment,
    recorded: recorded(experiment, raw),
    written,
    identities: sectionIdentities(written, sections),
    rawArms: isMapping(raw) && Array.isArray(raw["arms"]) ? raw["arms"] : [],
    file: resolve(whole.file.name),
  };
}

/** An experiment as its files wrote it, and what `--set` changes of it. */
interface WholeExperiment {
  readonly content: Layered<WrittenFile>;
  readonly settings: readonly SetArgument[];
  /** The file that was asked for. */
  readonly file: WrittenFile;
}

function readWhole(file: string, { environment, sections, set }: LoadExperimentOptions): WholeExperiment {
  const files = readWrittenFiles(file, environment);
  const [first] = files;
  if (first === undefined) throw new Error("an experiment has a file");
  const content = files
    .map((one) => layered(one.content, one))
    .reduceRight((under, over) => mergedOver(over, under, impliedKind(sections)));
  return { content, settings: (set ?? []).map(readSetArgument), file: first };
}

/** What a section is whose `kind` is left out. */
function impliedKind({ agents, workloads }: Sections): ImpliedKind {
  const kinds: Readonly<Record<string, string | undefined>> = {
    agent: agents[0]?.kind,
    workload: workloads[0]?.kind,
    "stack.agent": "command",
    "stack.user": "command",
  };
  return (path) => kinds[path.join(".")];
}

/** What `--set` says belongs to the file that was asked for. */
function writerOf({ content, file, settings }: WholeExperiment, path: readonly string[]): WrittenFile {
  return settings.some(({ path: changed }) => isWithin(path, changed)) ? file : originAt(content, path);
}

const isWithin = (path: readonly string[], outer: readonly string[]) =>
  outer.every((key, index) => path[index] === key);

/** Single values where lists are wanted, as lists: in both, by what the second says. */
function withLists(
  [raw, plain]: readonly [unknown, unknown],
  schema: z.ZodType,
): readonly [unknown, unknown] {
  const paths = [
    ...singleValues(plain, schema),
    ...writtenVariants(plain).flatMap(({ plain: changed, writtenAt }) =>
      singleValues(changed, schema).map((path) => writtenAt(path.map(String))),
    ),
  ];
  // A path that two of them have is the experiment's own.
  const single = [...new Map(paths.map((path) => [path.join("."), path])).values()];
  return [asLists(raw, single), asLists(plain, single)];
}

/** What is wrong with the experiment; where that is nothing, with its variants. */
function problemsOf(plain: unknown, schema: z.ZodType, whole: WholeExperiment): readonly string[] {
  const found = (value: unknown, writtenAt: (path: readonly string[]) => readonly string[]) => {
    const placeOf = (path: readonly string[]) => placeIn(whole, writtenAt(path));
    const issues = schema.safeParse(value).error?.issues ?? [];
    return issues.flatMap((issue) => describeIssue(issue, { schema, placeOf }));
  };
  const own = found(plain, (path) => path);
  if (own.length > 0) return own;
  return writtenVariants(plain).flatMap(({ name, plain: changed, writtenAt }) =>
    found(changed, writtenAt).map((line) => `sweep.variants.${name}: ${line}`),
  );
}

/** `line 5`, `base.yaml line 5`, or `--set`. */
function placeIn(whole: WholeExperiment, path: readonly string[]): string | null {
  if (whole.settings.some(({ path: changed }) => isWithin(path, changed))) return "--set";
  const writer = originAt(whole.content, path);
  const line = lineAt(writer, path);
  if (line === null) return null;
  return writer === whole.file ? `line ${line}` : `${writer.name} line ${line}`;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object";
}

interface ResolveContext extends LoadExperimentOptions {
  readonly folderAt: FolderAt;
}

function resolveSections(experiment: Experiment, context: ResolveContext): Experiment {
  const { agents, workloads } = context.sections;
  return {
    ...experiment,
    agent: withPaths("agent", experiment.agent, { ...context, section: sectionOf(agents, experiment.agent) }),
    workload: withPaths("workload", experiment.workload, {
      ...context,
      section: sectionOf(workloads, experiment.workload),
    }),
  };
}

function withPaths<Value extends object>(
  name: string,
  value: Value,
  { section, ...context }: ResolveContext & { readonly section: Section },
): Value {
  const written = new Map<string, unknown>(Object.entries(value));
  const resolved = Object.entries(section.paths ?? {}).flatMap(([key, variable]) => {
    const override = variable === null ? undefined : context.environment[variable];
    if (override) return [[key, resolve(context.workingDirectory, override)]];
    const path = written.get(key);
    return typeof path === "string" ? [[key, resolve(context.folderAt([name, key]), path)]] : [];
  });
  return { ...value, ...Object.fromEntries(resolved) };
}
