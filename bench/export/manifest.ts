import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { hasPassed } from "../store/passed.ts";
import type { RunJson } from "../store/run-json.ts";
import type { RecordedEpisode } from "../workload/recorded-episode.ts";
import type { ExportSettings } from "./format.ts";
import type { LeftOut } from "./left-out.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";
import type { Selection } from "./selection.ts";
import { verificationSchema } from "./sft-verifier.ts";
import { tokenCounts } from "./token-counts.ts";
import { sequenceStyles } from "../tokens/token-sequences.ts";

const countsSchema = z.record(z.string(), z.number().int());

/** Which run an export was made of. */
export const exportedRunSchema = z.object({
  runId: z.string(),
  experiment: z.string(),
  createdAt: z.string(),
  simulated: z.boolean(),
  agent: z.object({ name: z.string(), version: z.string() }),
  versions: z.record(z.string(), z.string().nullable()),
  hashes: z.record(z.string(), z.string()),
});

export const filesSchema = z.array(z.object({ name: z.string(), bytes: z.number(), sha256: z.string() }));

export function runOf(identity: RunJson): z.infer<typeof exportedRunSchema> {
  const { runId, experiment, createdAt, simulated, agent, versions, hashes } = identity;
  return { runId, experiment, createdAt, simulated, agent, versions, hashes };
}

/** `manifest.json`: what an export holds, what it leaves out, and where it comes from. */
export const manifestSchema = z.object({
  v: z.literal(1),
  format: z.string(),
  run: exportedRunSchema,
  counts: z.object({
    trajectories: z.number().int(),
    judged: z.number().int(),
    passed: z.number().int(),
    messages: z.number().int(),
    byArm: countsSchema,
    byDomain: countsSchema,
    byStatus: countsSchema,
    byTermination: countsSchema,
    byLabel: countsSchema,
  }),
  /** How token sequences were cut; formats without them ignore it. */
  settings: z.object({ style: z.enum(sequenceStyles), discount: z.number() }),
  /** What the exported episodes' gateways recorded, over all of them; `sequences` as in `concat` style. */
  tokens: z.object({
    /** Trajectories per recording level; `none` had no recording gateway. */
    byLevel: countsSchema,
    calls: z.number().int(),
    generated: z.number().int(),
    processed: z.number().int(),
    sequences: z.number().int(),
    /** generated / processed: the share of what a trainer has to process that it can learn from; null without tokens. */
    trainableFraction: z.number().nullable(),
    /** Generated tokens per weight version of the engine. */
    byWeightVersion: countsSchema,
    /** Prompts that did not continue their conversation token for token, by cause. */
    breaks: countsSchema,
    /** Calls that the gateways did not keep, by reason. */
    dropped: countsSchema,
  }),
  exclusions: z.array(
    z.object({
      reason: z.string(),
      count: z.number().int(),
      /** The first one, where there is more to say of it than the reason. */
      first: z.object({ episodeId: z.string(), detail: z.string() }).optional(),
    }),
  ),
  /** Only where `--verify-template` asked for it. */
  verification: verificationSchema.optional(),
  /** Which tasks are in it, so that training and test sets can be kept apart. */
  split: z.object({
    /** Name in the task set's own split file; null when tasks were chosen otherwise. */
    name: z.string().nullable(),
    tasks: z.record(z.string(), z.array(z.string())),
  }),
  files: filesSchema,
});
export type Manifest = z.infer<typeof manifestSchema>;

type Exclusion = Manifest["exclusions"][number];

const detailCharactersMax = 600;

/** What a model wrote can be long; a manifest is read by people. */
function excerpt(text: string): string {
  return text.length <= detailCharactersMax ? text : `${text.slice(0, detailCharactersMax)}…`;
}

/** Counts what was written and what was not, one trajectory at a time. */
export class ManifestCounter {
  readonly #counts = {
    trajectories: 0,
    judged: 0,
    passed: 0,
    messages: 0,
    byArm: {} as Record<string, number>,
    byDomain: {} as Record<string, number>,
    byStatus: {} as Record<string, number>,
    byTermination: {} as Record<string, number>,
    byLabel: {} as Record<string, number>,
  };
  readonly #tokens = {
    byLevel: {} as Record<string, number>,
    calls: 0,
    generated: 0,
    processed: 0,
    sequences: 0,
    byWeightVersion: {} as Record<string, number>,
    breaks: {} as Record<string, number>,
    dropped: {} as Record<string, number>,
  };
  readonly #exclusions = new Map<string, Exclusion>();
  readonly #tasks = new Map<string, Set<string>>();

  written({ record, trajectory, recorded }: InlinedTrajectory): void {
    this.#countTokens(recorded);
    const counts = this.#counts;
    counts.trajectories += 1;
    counts.messages += trajectory.messages.length;
    if (record.reward !== null) counts.judged += 1;
    if (hasPassed(record) === true) counts.passed += 1;
    increment(counts.byArm, record.arm);
    increment(counts.byDomain, record.domain);
    increment(counts.byStatus, record.status);
    increment(counts.byTermination, record.termination ?? "none");
    for (const label of record.labels) increment(counts.byLabel, label);
    const tasks = this.#tasks.get(record.domain) ?? new Set();
    this.#tasks.set(record.domain, tasks.add(record.taskId));
  }

  #countTokens(recorded: RecordedEpisode | null): void {
    const tokens = this.#tokens;
    increment(tokens.byLevel, recorded?.level ?? "none");
    for (const { reason } of recorded?.dropped ?? []) increment(tokens.dropped, reason);
    const counts = recorded && tokenCounts(recorded);
    if (counts === null) return;
    tokens.calls += counts.calls;
    tokens.generated += counts.generated;
    tokens.processed += counts.processed;
    tokens.sequences += counts.sequences;
    for (const cause of counts.breaks) increment(tokens.breaks, cause);
    for (const [version, count] of Object.entries(counts.versions))
      increment(tokens.byWeightVersion, version, count);
  }

  excluded(
    { reason, detail }: LeftOut,
    { count = 1, episodeId = null }: { readonly count?: number; readonly episodeId?: string | null } = {},
  ): void {
    if (count === 0) return;
    const before = this.#exclusions.get(reason);
    const first =
      before?.first ??
      (detail === undefined || episodeId === null ? undefined : { episodeId, detail: excerpt(detail) });
    this.#exclusions.set(reason, {
      reason,
      count: (before?.count ?? 0) + count,
      ...(first === undefined ? {} : { first }),
    });
  }

  manifest(
    identity: RunJson,
    options: {
      readonly format: string;
      readonly settings: ExportSettings;
      readonly selection: Partial<Selection>;
      readonly files: Manifest["files"];
    },
  ): Manifest {
    const { format, settings, selection, files } = options;
    const { generated, processed } = this.#tokens;
    return {
      v: 1,
      format,
      run: runOf(identity),
      counts: this.#counts,
      settings: { style: settings.style, discount: settings.discount },
      tokens: { ...this.#tokens, trainableFraction: processed === 0 ? null : generated / processed },
      exclusions: [...this.#exclusions.values()],
      split: {
        name: selection.split?.name ?? splitName(identity),
        tasks: Object.fromEntries([...this.#tasks].map(([domain, ids]) => [domain, [...ids].sort()])),
      },
      ...(settings.verifier === null ? {} : { verification: settings.verifier.verification }),
      files,
    };
  }
}

function increment(counts: Record<string, number>, key: string, by = 1): void {
  counts[key] = (counts[key] ?? 0) + by;
}

const resolvedSplit = z.object({ workload: z.object({ tasks: z.object({ split: z.string() }) }) });

function splitName({ resolved }: RunJson): string | null {
  return resolvedSplit.safeParse(resolved).data?.workload.tasks.split ?? null;
}

/** Size and hash of the files of an export. */
export async function describeFiles(directory: string, names: readonly string[]): Promise<Manifest["files"]> {
  return Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const hash = createHash("sha256");
      for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
      return { name, bytes: (await stat(path)).size, sha256: hash.digest("hex") };
    }),
  );
}
