import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { EpisodeRecord } from "../../store/record.ts";
import { exists } from "../../store/read-run.ts";
import type { JsonValue } from "./json-value.ts";
import { readEngineCounts, type EngineCounts } from "./engine-page.ts";
import type { RecordedCell, RunStretch } from "./run-facts.ts";
import { readTaps, type Seen } from "./taps.ts";
import { readTools, type ToolSpan } from "./tools.ts";

/** A stretch with what was written beside it. */
export interface StretchEvidence {
  readonly stretch: RunStretch;
  /** null: it gives rates. */
  readonly excluded: string | null;
  readonly seconds: number | null;
  /** Episodes that count and were run in it. */
  readonly episodes: number;
  readonly seen: readonly Seen[];
  readonly tools: readonly ToolSpan[];
  readonly agentEngine: EngineCounts | null;
  readonly userEngine: EngineCounts | null;
  readonly facts: JsonValue;
  readonly fidelity: JsonValue;
}

/** A cell with its evidence, and what of it counts. */
export interface SeenCell {
  readonly facts: RecordedCell;
  readonly stretches: readonly StretchEvidence[];
  readonly used: readonly StretchEvidence[];
  readonly seconds: number | null;
  /** Episodes that were run in used stretches. */
  readonly measured: readonly EpisodeRecord[];
  /** Of them, those that did not fail. */
  readonly whole: readonly EpisodeRecord[];
  /** In used stretches. */
  readonly outer: readonly Seen[];
  readonly inner: readonly Seen[];
  /** More of its episodes failed than the limit allows. */
  readonly failing: boolean;
}

export async function readCellEvidence(facts: RecordedCell): Promise<SeenCell> {
  const stretches: StretchEvidence[] = [];
  for (const stretch of facts.stretches) {
    const { folder, ended, startedNs } = stretch;
    stretches.push({
      stretch,
      excluded: excludedBecause(stretch, facts),
      seconds: ended === null ? null : (ended.endedNs - startedNs) / 1e9,
      episodes: inStretch(facts.episodes, stretch).length,
      seen: await readTaps(folder),
      tools: await readTools(folder),
      agentEngine: await readEngineCounts(folder, "agent"),
      userEngine: await readEngineCounts(folder, "user"),
      facts: await readJson(join(folder, "segment.json")),
      fidelity: await readJson(join(folder, "fidelity.json")),
    });
  }
  const used = stretches.filter(({ excluded }) => excluded === null);
  const names = new Set(used.map(({ stretch }) => stretch.segmentId));
  const measured = facts.episodes.filter(({ segmentId }) => names.has(segmentId));
  const seen = used.flatMap((one) => one.seen);
  const failed = facts.episodes.filter(
    ({ status, failure }) => failure !== null || status === "failed",
  ).length;
  return {
    facts,
    stretches,
    used,
    seconds: used.length === 0 ? null : used.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0),
    measured,
    whole: measured.filter(({ status }) => status !== "failed"),
    outer: seen.filter(({ hop }) => hop === "outer"),
    inner: seen.filter(({ hop }) => hop === "inner"),
    failing: failed > facts.failedShareMax * facts.episodes.length,
  };
}

/** As docs/run-directory.md and docs/verdicts.md say it: unfinished, replaced and repaired stretches give no rates. */
function excludedBecause(stretch: RunStretch, facts: RecordedCell): string | null {
  const { ended, resumed, cellId, segmentId } = stretch;
  if (ended === null) return "unclosed";
  const [own, gone] = [inStretch(facts.episodes, stretch), inStretch(facts.gone, stretch)];
  if (own.length === 0 && ended.reason === "engine-died" && resumed) return "replaced";
  const failedGone = gone.filter(({ status }) => status === "failed").length;
  const nowWhole = gone.length > 0 && own.length > 0 && own.every(({ status }) => status !== "failed");
  const tooMany = failedGone < gone.length || gone.length > facts.failedShareMax * (own.length + gone.length);
  const cut = facts.givenUp.has(`${cellId}/${segmentId}`) || (ended.reason === "engine-died" && resumed);
  if (nowWhole && (ended.reason === "complete" ? tooMany : cut)) return "repaired";
  if (ended.reason !== "complete") return ended.reason;
  return own.length === 0 ? "replaced" : null;
}

function inStretch(episodes: readonly EpisodeRecord[], { segmentId }: RunStretch): readonly EpisodeRecord[] {
  return episodes.filter((episode) => episode.segmentId === segmentId);
}

async function readJson(path: string): Promise<JsonValue> {
  return (await exists(path)) ? (JSON.parse(await readFile(path, "utf8")) as JsonValue) : null;
}
