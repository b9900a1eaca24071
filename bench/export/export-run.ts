import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "../errors.ts";
import { recordFinder } from "../store/orphan-trajectories.ts";
import { finishedEpisodes } from "../store/progress.ts";
import { judgedTrajectory, readJudgedRun, type JudgedRun } from "../store/judgements.ts";
import { readTrajectories } from "../store/read-run.ts";
import { storing } from "../store/storage-error.ts";
import { TextStore, writeWhole } from "../store/text-store.ts";
import type { ExportFormat, ExportWriter } from "./format.ts";
import { inlined } from "./inlined-trajectory.ts";
import { jsonl } from "./jsonl.ts";
import { describeFiles, ManifestCounter, type Manifest } from "./manifest.ts";
import { sft } from "./sft.ts";

const formats: readonly ExportFormat[] = [jsonl, sft];
export const exportFormats: readonly string[] = formats.map(({ name }) => name);

/**
 * Writes the trajectories of a run to an empty or new folder, streaming: memory does not grow with the run. Returns what
 * `manifest.json` says. Throws ConfigError (format, folder), ResumeRefusedError (damaged run), StorageError.
 */
export async function exportRun(
  runDirectory: string,
  options: { readonly format: string; readonly out: string },
): Promise<Manifest> {
  const format = formats.find(({ name }) => name === options.format);
  if (format === undefined) {
    throw new ConfigError(
      `Unknown export format ${options.format}. Use one of: ${exportFormats.join(", ")}.`,
    );
  }
  const run = await readJudgedRun(runDirectory);
  await prepareFolder(options.out);
  const counter = new ManifestCounter();
  const writer = await format.open(options.out);
  await writeAll(run, writer, counter);
  const names = await writer.close();
  const manifest = counter.manifest(run.identity, format.name, await describeFiles(options.out, names));
  const path = join(options.out, "manifest.json");
  await storing(path, "Cannot write", () => writeWhole(path, `${JSON.stringify(manifest, null, 2)}\n`));
  return manifest;
}

/** An export never mixes with another one's files. */
async function prepareFolder(out: string): Promise<void> {
  await storing(out, "Cannot create", () => mkdir(out, { recursive: true }));
  const present = await storing(out, "Cannot read", () => readdir(out));
  if (present.length === 0) return;
  throw new ConfigError(
    `${out} is not empty (${present.slice(0, 3).join(", ")}). Give -o a new or empty folder.`,
  );
}

async function writeAll(run: JudgedRun, writer: ExportWriter, counter: ManifestCounter): Promise<void> {
  const recordOf = recordFinder(run.records);
  const texts = new TextStore(run.directory);
  const missing = new Set(finishedEpisodes(run.records).keys());
  for await (const { trajectory } of readTrajectories(run.directory)) {
    const record = recordOf(trajectory);
    if (record === null) {
      counter.excluded("not the result that counts (killed before its record, or replaced by --redo)");
      continue;
    }
    missing.delete(record.episodeId);
    if (record.status === "failed") {
      counter.excluded(`failed: ${record.failure?.class ?? "unknown"}`);
      continue;
    }
    const { systemSha256, toolsSha256 } = trajectory;
    const whole = inlined(record, judgedTrajectory(trajectory, run.judgements), {
      system: await texts.get(systemSha256),
      tools: await texts.get(toolsSha256),
    });
    const refused = await writer.write(whole);
    if (refused === null) counter.written(whole);
    else counter.excluded(refused);
  }
  counter.excluded("no trajectory in the file: it was cut or replaced by hand", missing.size);
}
