import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isMap, isSeq, LineCounter, parse, parseDocument, type Document } from "yaml";
import { ConfigError, messageOf } from "../errors.ts";
import { type Experiment, experimentSchema } from "./experiment.ts";
import { describeIssue } from "./describe-issue.ts";
import { asLists, singleValues } from "./list-of-one.ts";
import { resolvePaths } from "./path-setting.ts";
import { recorded, withheld } from "./recorded.ts";
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
  readonly file: string;
}

/**
 * Reads and checks an experiment file. Paths in it are relative to the file; those that come from an environment variable
 * are relative to the working directory.
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
  const asWritten = plainValue(document, file);
  const interpolated = interpolate(asWritten, { file, environment: options.environment });
  const schema = experimentSchema(options.sections);
  const single = singleValues(interpolated, schema);
  const [raw, plain] = [asLists(asWritten, single), asLists(interpolated, single)];
  const parsed = schema.safeParse(plain);
  if (!parsed.success) {
    const issues = parsed.error.issues.flatMap((issue) => describeIssue(issue, { document, lines, schema }));
    throw new ConfigError(`${file} cannot be used:\n${issues.map((line) => `  ${line}`).join("\n")}`);
  }
  const located = schema.parse(resolvePaths(plain, schema, dirname(resolve(file))));
  const experiment = resolveSections(located, { file, ...options });
  const written = recorded(parsed.data, raw);
  return {
    experiment,
    recorded: recorded(experiment, raw),
    written,
    identities: sectionIdentities(written, options.sections),
    rawArms: isMapping(raw) && Array.isArray(raw["arms"]) ? raw["arms"] : [],
    file: resolve(file),
  };
}

/** @throws {ConfigError} for aliases that would make a file of a few lines fill the memory */
function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw new ConfigError(`${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object";
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
  refuseGaps(document, { setting, path });
  try {
    document.setIn(path, document.createNode(parse(setting.slice(equals + 1)) as unknown));
  } catch (cause) {
    throw new ConfigError(`--set ${setting} cannot be applied: ${messageOf(cause)}`, { cause });
  }
}

/** An item behind the end of a list would leave items before it that nobody wrote. */
function refuseGaps(
  document: Document,
  { setting, path }: { readonly setting: string; readonly path: readonly (string | number)[] },
): void {
  for (const [at, part] of path.entries()) {
    if (typeof part !== "number") continue;
    const list = document.getIn(path.slice(0, at));
    const items = isSeq(list) ? list.items.length : 0;
    if (isMap(list) || part <= items) continue;
    const name = path.slice(0, at).join(".");
    throw new ConfigError(
      `--set ${setting} cannot be applied: ${name} has ${items} items in the file, so the next is ${name}.${items}`,
    );
  }
}

interface InterpolationContext {
  readonly file: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** `${NAME}` and `${NAME:-default}` inside strings. */
function interpolate(value: unknown, context: InterpolationContext): unknown {
  if (typeof value === "string") {
    if (value.includes(withheld)) {
      throw new ConfigError(
        `${context.file} has ${withheld} where a run's record left a key out. Give it with --set, as \${NAME} of an environment variable.`,
      );
    }
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

interface ResolveContext extends LoadExperimentOptions {
  readonly file: string;
}

function resolveSections(experiment: Experiment, context: ResolveContext): Experiment {
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
