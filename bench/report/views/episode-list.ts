import type { Cause } from "../../analysis/cell/causes.ts";
import { isChosen, type EpisodeChoice } from "../../store/episode-choice.ts";
import type { EpisodeRow } from "../../store/episode-columns.ts";
import type { EpisodeIndex } from "../../store/episode-index.ts";
import { printable } from "../formats/printable.ts";
import { absent, numberText } from "../tables/number-text.ts";
import { left, right, type Table } from "../tables/table.ts";

/** A page of the episodes that were chosen. */
export interface EpisodeList {
  readonly runId: string;
  /** Finished in the run, and of them those that were chosen. */
  readonly finished: number;
  readonly chosen: number;
  readonly page: number;
  readonly pages: number;
  readonly episodes: readonly EpisodeRow[];
  /** Why those ended early that were chosen and did, on all pages. */
  readonly causes: readonly Cause[];
}

/** Which episodes, and which of the pages of so many rows that they fill; 0 rows: all on one page. */
export interface ListedEpisodes {
  readonly choice: EpisodeChoice;
  readonly limit: number;
  readonly page: number;
}

/** `tollgate inspect RUN`. Reads only the records whose words are shown. */
export async function listEpisodes(
  { index, runId }: { readonly index: EpisodeIndex; readonly runId: string },
  { choice, limit, page }: ListedEpisodes,
): Promise<EpisodeList> {
  const chosen = [...index.rows()].filter((row) => isChosen(row, choice));
  const size = limit === 0 ? Math.max(1, chosen.length) : limit;
  return {
    runId,
    finished: index.count,
    chosen: chosen.length,
    page,
    pages: Math.max(1, Math.ceil(chosen.length / size)),
    episodes: chosen.slice((page - 1) * size, page * size),
    causes: await causesIn(index, chosen),
  };
}

/** As `causesOf` says it of whole records: a line for each kind of end that says why it came. */
async function causesIn(index: EpisodeIndex, rows: readonly EpisodeRow[]): Promise<readonly Cause[]> {
  const kinds = Map.groupBy(
    rows.filter(({ explained }) => explained),
    ({ failure, termination }) => JSON.stringify([failure !== null, failure ?? termination ?? "ended"]),
  );
  const causes: Cause[] = [];
  for (const [first, ...more] of kinds.values()) {
    const at = first === undefined ? null : index.rowOf(first.episodeId);
    if (first === undefined || at === null) continue;
    const { episodeId, arm, failure, termination, terminationDetail } = await index.record(at);
    const message = failure?.message ?? terminationDetail ?? "";
    causes.push({
      name: failure?.class ?? termination ?? "ended",
      failed: failure !== null,
      episodes: more.length + 1,
      first: { episodeId, arm, message },
    });
  }
  return causes;
}

/** A row per episode, and why those ended early that did. */
export function episodesTable(list: EpisodeList): Table {
  return {
    title: `Episodes of ${list.runId}`,
    columns: [
      left("episode"),
      left("cell"),
      left("task"),
      right("trial"),
      left("status"),
      left("ended by"),
      right("reward"),
      right("steps"),
      right("tools"),
      right("s"),
    ],
    rows: list.episodes.map((episode) => [
      episode.episodeId,
      episode.cellId,
      printable(`${episode.domain}/${episode.taskId}`),
      String(episode.trial),
      episode.failure === null ? episode.status : `${episode.status}: ${episode.failure}`,
      episode.termination ?? absent,
      episode.reward === null ? absent : numberText(episode.reward),
      String(episode.steps),
      `${episode.toolCalls}${episode.toolErrors > 0 ? ` (${episode.toolErrors} err)` : ""}`,
      numberText((episode.endedNs - episode.startedNs) / 1e9),
    ]),
    notes: [...pageNotes(list), ...list.causes.map(causeText)].map(printable),
  };
}

function pageNotes({ finished, chosen, page, pages, episodes }: EpisodeList): readonly string[] {
  if (chosen === finished && pages === 1) return [];
  const of = chosen === finished ? `${finished} episodes` : `${chosen} of ${finished} episodes`;
  if (pages === 1) return [of];
  const next = page < pages ? `; --page ${page + 1} shows more, --limit 0 all of them` : "";
  return [`${of}; page ${page} of ${pages} has ${episodes.length}${next}`];
}

function causeText({ name, failed, episodes, first }: Cause): string {
  const count = episodes === 1 ? "1 episode" : `${episodes} episodes, the first`;
  const message = first.message.length > 300 ? `${first.message.slice(0, 300)}…` : first.message;
  return `${failed ? "failed: " : ""}${name}: ${count} ${first.episodeId}: ${message}`;
}
