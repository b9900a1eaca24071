import { resolve } from "node:path";
import { describeIssue } from "../../config/describe-issue.ts";
import { otherKindOfFile } from "../../config/other-kind-of-file.ts";
import { lineAt } from "../../config/written-file.ts";
import { ConfigError } from "../../errors.ts";
import type { MetricName } from "../metrics/metric.ts";
import { chooseMetrics } from "../metrics/metrics.ts";
import { isMapping, readOverride, withOverride, type Override } from "./override.ts";
import { nameOfFile, readSettingsFile, type SettingsFile } from "./read-file.ts";
import { withReferences } from "./references.ts";
import { settingsSchema, type FeedbackSettings, type WrittenSettings } from "./settings.ts";

export interface LoadSettingsOptions {
  /** `key=value`, as Hydra takes them. */
  readonly overrides: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly at: Date;
}

export interface LoadedSettings {
  readonly settings: FeedbackSettings;
  /** Paths of `settings.preference_files`, absolute. */
  readonly preferenceFiles: readonly string[];
  /** As the file was named. */
  readonly file: string;
}

/**
 * Reads and checks the file of a run of the preference loop. Everything that is wrong with it is in the message, with line and path.
 * @throws {ConfigError}
 */
export function loadSettings(
  file: string,
  { overrides, environment, at }: LoadSettingsOptions,
): LoadedSettings {
  const source = readSettingsFile(file);
  const changes = overrides.map(readOverride);
  const named = { name: nameOfFile(source.name), ...source.content };
  const written = changes.reduce(withOverride, named as Readonly<Record<string, unknown>>);
  const plain = withReferences(written, { environment, at, settings: written });
  const placeOf = (path: readonly string[]) => placeIn(source, changes, path);
  const checked = checkedSettings(plain, { name: source.name, folder: source.folder, placeOf });
  return { ...checked, file: source.name };
}

/** The settings that a run recorded, so that it goes on without its file. @throws {ConfigError} */
export function recordedSettings({ runId, resolved }: RecordedRun): LoadedSettings {
  const { file, trainer, claas_url: url, ...rest } = resolved;
  const place = { name: `run.json of ${runId}`, folder: "/", placeOf: () => null };
  const checked = checkedSettings(
    {
      ...rest,
      ...(url === null ? {} : { claas_url: url }),
      ...(isMapping(trainer) ? { trainer: withoutNull(trainer) } : {}),
    },
    place,
  );
  return { ...checked, file: typeof file === "string" ? file : place.name };
}

interface RecordedRun {
  readonly runId: string;
  readonly resolved: Readonly<Record<string, unknown>>;
}

function withoutNull(mapping: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(mapping).filter(([, value]) => value !== null));
}

interface SettingsPlace {
  /** For messages. */
  readonly name: string;
  /** Relative paths begin here. */
  readonly folder: string;
  readonly placeOf: (path: readonly string[]) => string | null;
}

function checkedSettings(
  plain: unknown,
  { name, folder, placeOf }: SettingsPlace,
): Omit<LoadedSettings, "file"> {
  const parsed = settingsSchema.safeParse(plain);
  const chosen = metricsIn(parsed.data?.metrics ?? []);
  const problems = [
    ...(parsed.error?.issues ?? []).flatMap((issue) =>
      describeIssue(issue, { schema: settingsSchema, placeOf }),
    ),
    ...(parsed.success ? problemsOf(parsed.data) : []),
    ...chosen.problems,
  ];
  if (!parsed.success || problems.length > 0) {
    const lines = [...problems.map((line) => `  ${line}`), otherKindOfFile(plain, "feedback") ?? []].flat();
    throw new ConfigError(`${name} cannot be used:\n${lines.join("\n")}`);
  }
  return {
    settings: filledIn(parsed.data, { metrics: chosen.metrics, folder }),
    preferenceFiles: parsed.data.preference_files.map((path) => resolve(folder, path)),
  };
}

interface Chosen {
  readonly metrics: readonly MetricName[];
  readonly problems: readonly string[];
}

function metricsIn(words: readonly string[]): Chosen {
  try {
    return { metrics: chooseMetrics(words).map(({ name }) => name), problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { metrics: [], problems: [error.message] };
  }
}

/** `line 5`, or the override that wrote it. */
function placeIn(source: SettingsFile, changes: readonly Override[], path: readonly string[]): string | null {
  const change = changes.find(({ path: changed }) => changed.every((key, at) => path[at] === key));
  if (change !== undefined) return change.text;
  const line = lineAt(source, path);
  return line === null ? null : `line ${line}`;
}

/** What the schema of single keys cannot see. */
function problemsOf(settings: WrittenSettings): readonly string[] {
  const { trainer, claas_url: url, base_model: model, training, preferences } = settings;
  const twice = (["steps_per_batch", "feedback_repetitions"] as const).flatMap((key) => {
    const [above, below] = [settings[key], training[key]];
    return above !== undefined && below !== undefined && above !== below
      ? [`${key}: is ${above} here and ${below} in training; write it once`]
      : [];
  });
  const repeated = preferences.filter((name, at) => preferences.indexOf(name) < at);
  return [
    ...(trainer !== undefined && url !== undefined
      ? ["trainer: claas_url is set, too; a run has one trainer. Take one of them out"]
      : []),
    ...(trainer === undefined && model === undefined
      ? [
          "base_model: is missing. Write the name that the trainer has for it, e.g. Qwen/Qwen3-8B (Tinker has names of its own)",
        ]
      : []),
    ...twice,
    ...repeated.map((name) => `preferences: names ${name} twice`),
  ];
}

const defaultUrl = "http://localhost:8080";
const simulatedModel = "Qwen/Qwen3-8B";
const defaultCollapseSteps = [0, 5, 10, 15, 19];

function filledIn(
  written: WrittenSettings,
  { metrics, folder }: { readonly metrics: readonly MetricName[]; readonly folder: string },
): FeedbackSettings {
  const { steps_per_batch: steps, feedback_repetitions: repetitions, ...training } = written.training;
  const { trainer } = written;
  const law = trainer === undefined || trainer === "simulated" ? undefined : trainer.law;
  return {
    ...written,
    mode: written.mode ?? (trainer === undefined ? "tinker" : "local"),
    claas_url: trainer === undefined ? (written.claas_url ?? defaultUrl) : null,
    trainer:
      trainer === undefined
        ? null
        : { kind: "simulated", law: typeof law === "string" ? resolve(folder, law) : (law ?? null) },
    base_model: written.base_model ?? simulatedModel,
    metrics,
    steps_per_batch: written.steps_per_batch ?? steps ?? 4,
    feedback_repetitions: written.feedback_repetitions ?? repetitions ?? 1,
    collapse_steps: written.collapse_steps ?? defaultCollapseSteps,
    training,
  };
}
