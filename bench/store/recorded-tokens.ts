import { recordedEpisodeSchema, type RecordedEpisode } from "../workload/recorded-episode.ts";
import { logPath, readJsonLines, type StoreWarning } from "./read-run.ts";

export interface StoredTokens {
  readonly recorded: RecordedEpisode;
  /** 1-based line in the file. */
  readonly line: number;
  readonly endByte: number;
}

/**
 * The lines of `tokens.jsonl` or `tokens.jsonl.zst`, in constant memory; none when no gateway of the run recorded. They
 * are in the order of the trajectories, some of which have none.
 */
export async function* readRecordedTokens(
  directory: string,
  warnings: StoreWarning[] = [],
): AsyncGenerator<StoredTokens> {
  const path = await logPath(directory, "tokens.jsonl");
  if (path === null) return;
  for await (const { value, line } of readJsonLines(path, recordedEpisodeSchema, warnings)) {
    yield { recorded: value, line: line.number, endByte: line.endByte };
  }
}

/** Read in step with the trajectories: gives the recorded tokens of each attempt and holds one line at a time. */
export class TokensBesideTrajectories implements AsyncDisposable {
  readonly #lines: AsyncGenerator<StoredTokens>;
  #next: StoredTokens | null | undefined;

  constructor(directory: string) {
    this.#lines = readRecordedTokens(directory);
  }

  /** @param attemptKey of the trajectories in their order. null when nothing was recorded of this one. */
  async of(attemptKey: string): Promise<RecordedEpisode | null> {
    if (this.#next === undefined) await this.#advance();
    const found = this.#next?.recorded;
    if (found?.attemptKey !== attemptKey) return null;
    await this.#advance();
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lines.return(undefined);
  }

  async #advance(): Promise<void> {
    const { value, done } = await this.#lines.next();
    this.#next = done === true ? null : value;
  }
}
