import type { Clock } from "../measure/clock.ts";
import type { EpisodeRecord } from "../store/record.ts";

/** Where a person watches. */
export interface Screen {
  /** True: one line that is redrawn twice a second. False: one line a minute, for logs and SSH. */
  readonly interactive: boolean;
  readonly columns: number;
  readonly write: (text: string) => void;
}

export interface SweepProgressOptions extends Screen {
  readonly clock: Clock;
  readonly cells: number;
  /** Episodes that are still to do in this invocation. */
  readonly episodes: number;
}

/** What is told how a sweep goes: the progress line, the driver's own metrics, the sinks. */
export interface SweepWatcher {
  cellStarted?(cell: WatchedCell, episodes: number): void;
  cellEnded?(): void;
  episodeStarted?(): void;
  /** null: the attempt was cancelled and is no result. */
  episodeEnded?(record: EpisodeRecord | null): void;
}

export interface WatchedCell {
  readonly cellId: string;
  readonly arm: string;
  readonly load: string;
}

/** What a person sees while a sweep runs: cells, episodes, time left, errors by class. Writes to standard error only. */
export class SweepProgress implements SweepWatcher, Disposable {
  readonly #options: SweepProgressOptions;
  readonly #startedNs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #failures = new Map<string, number>();
  #cell: WatchedCell | null = null;
  #cellsStarted = 0;
  #cellDone = 0;
  #cellTotal = 0;
  #done = 0;
  #inFlight = 0;
  #passed = 0;
  #judged = 0;

  constructor(options: SweepProgressOptions) {
    this.#options = options;
    this.#startedNs = options.clock.nowNs();
    this.#timer = setInterval(() => this.#draw(), options.interactive ? 500 : 60_000);
    this.#timer.unref();
  }

  cellStarted(cell: WatchedCell, episodes: number): void {
    if (this.#cell?.cellId === cell.cellId) {
      // A further segment: the episodes that a dead engine took with it are done once more.
      const kept = this.#cellTotal - episodes;
      this.#done -= this.#cellDone - kept;
      this.#cellDone = kept;
    } else {
      this.#cell = cell;
      this.#cellsStarted += 1;
      this.#cellDone = 0;
      this.#cellTotal = episodes;
    }
    this.#draw();
  }

  cellEnded(): void {
    this.#draw();
  }

  episodeStarted(): void {
    this.#inFlight += 1;
  }

  episodeEnded(record: EpisodeRecord | null): void {
    this.#inFlight -= 1;
    if (record === null) return;
    this.#done += 1;
    this.#cellDone += 1;
    if (record.reward !== null) this.#judged += 1;
    if (record.reward === 1) this.#passed += 1;
    if (record.failure)
      this.#failures.set(record.failure.class, (this.#failures.get(record.failure.class) ?? 0) + 1);
  }

  /** A line of its own; the progress line is drawn again below it. */
  tell(text: string): void {
    this.#options.write(`${this.#options.interactive ? "\r\u001b[K" : ""}${text}\n`);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#options.interactive) this.#options.write("\r\u001b[K");
    else this.#draw();
  }

  #draw(): void {
    const { interactive, columns } = this.#options;
    const line = this.#line();
    this.#options.write(interactive ? `\r\u001b[K${line.slice(0, Math.max(20, columns - 1))}` : `${line}\n`);
  }

  #line(): string {
    const { cells, episodes, clock } = this.#options;
    const elapsedS = (clock.nowNs() - this.#startedNs) / 1e9;
    const left = this.#done === 0 ? null : (elapsedS / this.#done) * (episodes - this.#done);
    const failures = [...this.#failures].map(([name, count]) => `${name} ${count}`).join(", ");
    return [
      `cell ${this.#cellsStarted}/${cells}${this.#cell ? ` ${this.#cell.cellId} ${this.#cellDone}/${this.#cellTotal}` : ""}`,
      `episodes ${this.#done}/${episodes}, ${this.#inFlight} in flight`,
      `passed ${this.#passed} of ${this.#judged} judged`,
      ...(failures ? [`failed: ${failures}`] : []),
      `${clockText(elapsedS)}${left === null ? "" : `, about ${clockText(left)} left`}`,
    ].join(" | ");
  }
}

/** Seconds as `1:02:03` or `2:03`. */
export function clockText(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}
