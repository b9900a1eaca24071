import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isMap, LineCounter, parse, parseDocument, type Document } from "yaml";
import { z } from "zod";
import { ConfigError, messageOf } from "../errors.ts";
import { type Experiment, experimentSchema } from "./experiment.ts";
import { closestWord } from "./closest-word.ts";
import {
  sectionIdentities,
  sectionOf,
  type Section,
  type SectionIdentities,
  type Sections,
} from "./section.ts";

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
  readonly experiment: Experiment;
  readonly identities: SectionIdentities;
  readonly file: string;
  /** The file's text as it was read, for the run's evidence. */
  readonly source: string;
}

/**
 * Reads and checks an experiment file. Paths in its sections are relative to the file; those that come from an environment
 * variable are relative to the working directory.
 * @throws {ConfigError} with file, line and path of every problem, and a suggestion for an unknown key.
 */
export function loadExperiment(file: string, options: LoadExperimentOptions): LoadedExperiment {
  const source = readSource(file);
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: true });
  const problem = document.errors[0];
  if (problem) {
    throw new ConfigError(`${file} is not valid YAML: ${problem.message}`, { cause: problem });
  }
  if (!isMap(document.contents)) {
    throw new ConfigError(
      `${file} must hold a mapping (name:, stack:, workload: …); see \`tollgate schema\`.`,
    );
  }
  for (const setting of options.set ?? []) applySetting(document, setting);
  const plain: unknown = interpolate(document.toJS(), { file, environment: options.environment });
  const schema = experimentSchema(options.sections);
  const parsed = schema.safeParse(plain);
  if (!parsed.success) {
    const issues = parsed.error.issues.flatMap((issue) => describeIssue(issue, { document, lines, schema }));
    throw new ConfigError(`${file} cannot be used:\n${issues.map((line) => `  ${line}`).join("\n")}`);
  }
  const experiment = resolvePaths(parsed.data, { file, ...options });
  const identities = sectionIdentities(experiment, options.sections);
  return { experiment, identities, file: resolve(file), source };
}

function readSource(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new ConfigError(
      `Experiment file ${file} cannot be read: ${messageOf(cause)}. Give the path of a YAML file.`,
      {
        cause,
      },
    );
  }
}

function applySetting(document: Document, setting: string): void {
  const equals = setting.indexOf("=");
  if (equals < 1) throw new ConfigError(`--set ${setting} has no value; write --set path.to.key=value`);
  const path = setting
    .slice(0, equals)
    .split(".")
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  try {
    document.setIn(path, document.createNode(parse(setting.slice(equals + 1)) as unknown));
  } catch (cause) {
    throw new ConfigError(`--set ${setting} cannot be applied: ${messageOf(cause)}`, { cause });
  }
}

interface InterpolationContext {
  readonly file: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** `${NAME}` and `${NAME:-default}` inside strings. */
function interpolate(value: unknown, context: InterpolationContext): unknown {
  if (typeof value === "string") {
    return value.replaceAll(/\$\{(\w+)(?::-([^}]*))?\}/g, (_, name: string, fallback: string | undefined) => {
      const found = context.environment[name] ?? fallback;
      if (found === undefined) {
        throw new ConfigError(
          `${context.file} uses \${${name}}, which is not set. Set it or write \${${name}:-default}.`,
        );
      }
      return found;
    });
  }
  if (Array.isArray(value)) return value.map((item) => interpolate(item, context));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, interpolate(item, context)]));
  }
  return value;
}

interface IssueContext {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly schema: z.ZodType;
}

function describeIssue(issue: z.core.$ZodIssue, context: IssueContext): string[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const near = closestWord(key, keysAt(path, context.schema));
      const hint = near ? ` Did you mean ${near}?` : "";
      return `${place([...path, key], context)}: unknown key.${hint}`;
    });
  }
  return [`${place(path, context)}: ${issue.message}`];
}

function place(path: readonly string[], { document, lines }: IssueContext): string {
  const node: unknown = document.getIn(path, true);
  const range = (node as { range?: [number, number, number] } | undefined)?.range;
  const line = range ? ` (line ${lines.linePos(range[0]).line})` : "";
  return `${path.join(".") || "the file"}${line}`;
}

/** Keys that the schema knows at a path, over all alternatives of a union. */
function keysAt(path: readonly string[], schema: z.ZodType): string[] {
  let schemas: z.core.JSONSchema.BaseSchema[] = [z.toJSONSchema(schema, { io: "input" })];
  for (const part of path)
    schemas = schemas.flatMap((schema) => alternatives(schema)).flatMap((schema) => child(schema, part));
  return schemas
    .flatMap((schema) => alternatives(schema))
    .flatMap((schema) => Object.keys(schema.properties ?? {}));
}

function alternatives(schema: z.core.JSONSchema.BaseSchema): z.core.JSONSchema.BaseSchema[] {
  const branches = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])] as z.core.JSONSchema.BaseSchema[];
  return branches.length > 0 ? branches.flatMap((branch) => alternatives(branch)) : [schema];
}

function child(schema: z.core.JSONSchema.BaseSchema, part: string): z.core.JSONSchema.BaseSchema[] {
  const found = /^\d+$/.test(part) ? schema.items : schema.properties?.[part];
  return found !== undefined && typeof found === "object" && !Array.isArray(found) ? [found] : [];
}

interface ResolveContext extends LoadExperimentOptions {
  readonly file: string;
}

function resolvePaths(experiment: Experiment, context: ResolveContext): Experiment {
  const { agents, workloads } = context.sections;
  return {
    ...experiment,
    agent: withPaths(experiment.agent, sectionOf(agents, experiment.agent), context),
    workload: withPaths(experiment.workload, sectionOf(workloads, experiment.workload), context),
  };
}

function withPaths<Value extends object>(value: Value, section: Section, context: ResolveContext): Value {
  const written = new Map<string, unknown>(Object.entries(value));
  const resolved = Object.entries(section.paths ?? {}).flatMap(([key, variable]) => {
    const override = variable === null ? undefined : context.environment[variable];
    if (override) return [[key, resolve(context.workingDirectory, override)]];
    const path = written.get(key);
    return typeof path === "string" ? [[key, resolve(dirname(context.file), path)]] : [];
  });
  return { ...value, ...Object.fromEntries(resolved) };
}
