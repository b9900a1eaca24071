import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfigError, messageOf } from "../../errors.ts";
import { gitFacts, hostFacts } from "../../host/host-facts.ts";
import { tollgateVersion } from "../../own-files.ts";
import type { FeedbackPlan } from "../../store/feedback-plan.ts";
import { runIdOf } from "../../store/run-directory.ts";
import type { RunJson } from "../../store/run-json.ts";
import type { FeedbackSettings } from "../config/settings.ts";
import type { Preference } from "../preferences/preference.ts";

export interface PlannedFeedback {
  readonly settings: FeedbackSettings;
  /** Absolute. */
  readonly preferenceFiles: readonly string[];
  readonly preferences: readonly Preference[];
  /** As it was named. */
  readonly file: string;
}

export interface IdentityFacts {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly at: Date;
  /** Whether the trainer is a simulator, by its own word. */
  readonly simulated: boolean;
  /** Who answers. */
  readonly agent: RunJson["agent"];
}

/** `run.json` of a new run. */
export async function feedbackRunJson(planned: PlannedFeedback, facts: IdentityFacts): Promise<RunJson> {
  const { settings } = planned;
  const suffix = randomBytes(3).toString("hex");
  return {
    v: 1,
    runId: runIdOf({ experiment: settings.name, at: facts.at, suffix }),
    experiment: settings.name,
    note: settings.note,
    createdAt: facts.at.toISOString(),
    argv: [...facts.argv],
    resolved: { ...settings, preference_files: planned.preferenceFiles, file: planned.file },
    hashes: feedbackHashes(planned),
    versions: {
      tollgate: tollgateVersion(),
      node: process.versions.node,
      [facts.agent.name]: facts.agent.version,
    },
    git: await gitFacts(),
    host: await hostFacts(facts.environment),
    agent: facts.agent,
    simulated: facts.simulated,
    workload: { kind: "feedback", preferences: settings.preferences },
    cells: [],
    feedback: planOf(planned),
  };
}

/** What a resumed run must have as it was: everything but what says only how it is called. */
export function feedbackHashes({ settings, preferences }: PlannedFeedback): Record<string, string> {
  const {
    name: _name,
    note: _note,
    output_dir: _folder,
    preference_files: _files,
    plots: _plots,
    ...asked
  } = settings;
  const { thresholds: _thresholds, trainer, ...trained } = asked;
  const law = trainer?.law ?? null;
  return {
    experiment: sha256(JSON.stringify(sorted({ ...trained, trainer: trainer?.kind ?? null }))),
    ...(law === null
      ? {}
      : { law: sha256(typeof law === "string" ? textOf(law) : JSON.stringify(sorted(law))) }),
    ...Object.fromEntries(preferences.map(({ name, hash }) => [`preference ${name}`, hash])),
  };
}

/**
 * With what changes nothing that is measured, and all that is said of it: `summary.json`, written at the end, and the report, made of the
 * plan, must not hold one run against two things.
 */
export function withJudging(
  hashes: Readonly<Record<string, string>>,
  { thresholds, plots }: Pick<FeedbackPlan, "thresholds" | "plots">,
): Record<string, string> {
  return {
    ...hashes,
    experiment: `${hashes["experiment"]} ${JSON.stringify(sorted({ thresholds, plots }))}`,
  };
}

/** @throws {ConfigError} */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new ConfigError(`trainer.law: ${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function planOf({ settings, preferences }: PlannedFeedback): FeedbackPlan {
  return {
    preferences: preferences.map(({ name, feedback, verifier, hash }) => ({
      name,
      feedback,
      rule: verifier.rule,
      hash,
      steps: settings.num_steps,
    })),
    baseModel: settings.base_model,
    trainer: settings.claas_url ?? "simulated",
    answers:
      settings.openclaw_url === null
        ? "proxy"
        : settings.openclaw_url === "embedded"
          ? "openclaw"
          : "openclaw-url",
    metrics: [...settings.metrics],
    collapseSteps: [...settings.collapse_steps],
    batchSize: settings.batch_size,
    stepsPerBatch: settings.steps_per_batch,
    serving: settings.serving,
    thresholds: settings.thresholds,
    plots: settings.plots,
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** With its keys in one order, whoever wrote them. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
