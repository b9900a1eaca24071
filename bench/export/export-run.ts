import { join } from "node:path";
import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { ModelFolderError, readPromptModel } from "../gateway/rendering/model-folder.ts";
import { recordFinder } from "../store/orphan-lines.ts";
import { finishedEpisodes } from "../store/progress.ts";
import { judgedTrajectory, readJudgedRun, type JudgedRun } from "../store/judgements.ts";
import { readTrajectories } from "../store/read-run.ts";
import { TokensBesideTrajectories } from "../store/recorded-tokens.ts";
import type { EpisodeRecord } from "../store/record.ts";
import type { RunJson } from "../store/run-json.ts";
import { storing } from "../store/storage-error.ts";
import { TextStore, writeWhole } from "../store/text-store.ts";
import { areal } from "./areal.ts";
import { atif } from "./atif.ts";
import { prepareFolder } from "./folder.ts";
import type { ExportFormat, ExportSettings, ExportWriter } from "./format.ts";
import { inlined } from "./inlined-trajectory.ts";
import { jsonl } from "./jsonl.ts";
import { describeFiles, ManifestCounter, type Manifest } from "./manifest.ts";
import { parquet } from "./parquet.ts";
import { everything, selector, type Selection, type Selector } from "./selection.ts";
import { sft } from "./sft.ts";
import { LineVerifier } from "./sft-verifier.ts";
import { trajectoryCard } from "./trajectory-card.ts";

const formats: readonly ExportFormat[] = [jsonl, areal, atif, sft, parquet];
export const exportFormats: readonly string[] = formats.map(({ name }) => name);

export interface ExportOptions {
  readonly format: string;
  readonly out: string;
  readonly settings?: Partial<Pick<ExportSettings, "style" | "discount">>;
  readonly selection?: Partial<Selection>;
  /** Folder of the model, through whose template chat lines are verified. */
  readonly verifyTemplate?: string;
}

/**
 * Writes the trajectories of a run to an empty or new folder, streaming: memory does not grow with the run. Returns what
 * `manifest.json` says. Throws ConfigError (format, folder), RunUnreadableError (damaged run), StorageError.
 */
export async function exportRun(runDirectory: string, options: ExportOptions): Promise<Manifest> {
  const format = formats.find(({ name }) => name === options.format);
  if (format === undefined) {
    throw new ConfigError(
      `Unknown export format ${options.format}. Use one of: ${exportFormats.join(", ")}.`,
    );
  }
  const verifier = verifierOf(format, options.verifyTemplate);
  const run = await readJudgedRun(runDirectory);
  await prepareFolder(options.out);
  const settings: ExportSettings = { style: "concat", discount: 1, ...options.settings, verifier };
  const counter = new ManifestCounter();
  const writer = await format.open(options.out, settings);
  const selected = selector({ ...everything, ...options.selection });
  await writeAll(run, { writer, counter, selected });
  const names = await writer.close();
  const manifest = counter.manifest(run.identity, {
    format: format.name,
    settings,
    selection: options.selection ?? {},
    files: await describeFiles(options.out, names),
  });
  const path = join(options.out, "manifest.json");
  await storing(path, "Cannot write", () => writeWhole(path, `${JSON.stringify(manifest, null, 2)}\n`));
  const card = join(options.out, "README.md");
  await storing(card, "Cannot write", () => writeWhole(card, trajectoryCard(manifest)));
  return manifest;
}

/** Before anything is written: a folder that cannot serve must not leave half an export behind. */
function verifierOf(format: ExportFormat, directory: string | undefined): LineVerifier | null {
  if (directory === undefined) return null;
  if (format.verifiable !== true)
    throw new ConfigError(
      `--verify-template verifies chat lines, and format ${format.name} has none. Use --format sft.`,
    );
  try {
    return new LineVerifier(readPromptModel(directory));
  } catch (cause) {
    if (!(cause instanceof ModelFolderError)) throw cause;
    throw new ConfigError(
      `--verify-template cannot use ${directory}: ${cause.message}. Give the folder that the engine was started with, or one with its tokenizer.json, tokenizer_config.json and chat template.`,
      { cause },
    );
  }
}

interface Export {
  readonly writer: ExportWriter;
  readonly counter: ManifestCounter;
  readonly selected: Selector;
}

async function writeAll(run: JudgedRun, { writer, counter, selected }: Export): Promise<void> {
  await using tokens = new TokensBesideTrajectories(run.directory);
  const recordOf = recordFinder(run.records);
  const groupSize = groupSizeOf(run.identity);
  const texts = new TextStore(run.directory);
  const missing = new Set(finishedEpisodes(run.records).keys());
  for await (const { trajectory } of readTrajectories(run.directory)) {
    const recorded = await tokens.of(trajectory.attemptKey);
    const record = recordOf(trajectory);
    if (record === null) {
      counter.excluded({
        reason: "not the result that counts (killed before its record, or replaced by --redo)",
      });
      continue;
    }
    missing.delete(record.episodeId);
    if (record.status === "failed") {
      counter.excluded({ reason: `failed: ${record.failure?.class ?? "unknown"}` });
      continue;
    }
    const { systemSha256, toolsSha256 } = trajectory;
    const whole = inlined(record, judgedTrajectory(trajectory, run.judgements), {
      system: await texts.get(systemSha256),
      tools: await texts.get(toolsSha256),
      groupId: groupOf(record, groupSize),
      recorded,
    });
    const leftOut = selected.refusal(whole) ?? (await writer.write(whole));
    if (leftOut !== null) {
      counter.excluded(leftOut, { episodeId: record.episodeId });
      continue;
    }
    selected.written(whole);
    counter.written(whole);
  }
  counter.excluded(
    { reason: "no trajectory in the file: it was cut or replaced by hand" },
    { count: missing.size },
  );
}

const resolvedCollect = z.object({ collect: z.object({ groupSize: z.number().int().positive() }) });

/** null for a run that was not collected in groups: then all trials of a task and cell are one. */
function groupSizeOf({ resolved }: RunJson): number | null {
  return resolvedCollect.safeParse(resolved).data?.collect.groupSize ?? null;
}

function groupOf({ cellId, taskId, trial }: EpisodeRecord, groupSize: number | null): string {
  const group = groupSize === null ? "" : `/${Math.floor(trial / groupSize)}`;
  return `${cellId}/${taskId}${group}`;
}
