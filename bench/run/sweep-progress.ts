import type { Clock } from "../measure/clock.ts";
import { hasPassed } from "../store/passed.ts";
import type { EpisodeRecord } from "../store/record.ts";
import type { SeenLatencies } from "./seen-exchanges.ts";
import { StatusLine, type Screen, type StatusPart } from "./status-line.ts";

export interface SweepProgressOptions {
  readonly screen: Screen;
  readonly clock: Clock;
  readonly cells: number;
  /** Episodes that are still to do in this call. */
  readonly episodes: number;
  /** Those that earlier calls have finished, and that are not done again. */
  readonly finishedBefore: number;
}

/** What is told how a sweep goes: the progress line, the driver's own metrics, the sinks. */
export interface SweepWatcher {
  /** Cells that were decided on while the run goes on. */
  cellsPlanned?(cells: number, episodes: number): void;
  cellStarted?(cell: WatchedCell, episodes: number): void;
  cellEnded?(): void;
  episodeStarted?(): void;
  /** null: the attempt was cancelled and is no result. */
  episodeEnded?(record: EpisodeRecord | null): void;
  /** How long an attempt's answered requests took at the outer tap. */
  requestsSeen?(arm: string, latencies: readonly SeenLatencies[]): void;
}

export interface WatchedCell {
  readonly cellId: string;
  readonly arm: string;
  readonly load: string;
}

/** Different failures that are told while a run goes on; the report has all of them. */
const failuresTold = 5;
const messageCharacters = 200;

/** What a person sees while a sweep runs: what is done now, cells, episodes, pace, time left, failures. */
export class SweepProgress implements SweepWatcher, Disposable {
  readonly #options: SweepProgressOptions;
  readonly #line: StatusLine;
  readonly #startedNs: number;
  readonly #told = new Set<string>();
  readonly #failures = new Map<string, number>();
  #cells: number;
  /** Of this call. */
  #episodes: number;
  /** How many cells there will be is not known. */
  #grows = false;
  #phase: string | null = null;
  #cell: WatchedCell | null = null;
  #cellsStarted = 0;
  #cellDone = 0;
  #cellTotal = 0;
  #done = 0;
  #inFlight = 0;
  #passed = 0;
  #judged = 0;
  /** Time in which episodes ran: what the rest will take is told by that, not by how long the servers took to start. */
  #playedNs = 0;
  #playingSinceNs: number | null = null;

  constructor(options: SweepProgressOptions) {
    this.#options = options;
    this.#cells = options.cells;
    this.#episodes = options.episodes;
    this.#startedNs = options.clock.nowNs();
    this.#line = new StatusLine(options.screen, () => this.#parts());
  }

  /** What happens while no episode runs, e.g. `starting openclaw-0`. */
  phase(text: string): void {
    if (this.#phase === text) return;
    this.#phase = text;
    if (this.#options.screen.interactive) this.#line.draw();
  }

  cellsPlanned(cells: number, episodes: number): void {
    this.#grows = true;
    this.#cells += cells;
    this.#episodes += episodes;
  }

  cellStarted(cell: WatchedCell, episodes: number): void {
    this.#phase = null;
    this.#playingSinceNs = this.#options.clock.nowNs();
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
    this.#line.draw();
  }

  cellEnded(): void {
    this.#playedNs = this.#played();
    this.#playingSinceNs = null;
    this.#line.draw();
    if (this.#cell !== null) this.#phase = `${this.#cell.cellId} done, reading its counters`;
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
    if (hasPassed(record) === true) this.#passed += 1;
    if (record.failure !== null) this.#failed(record, record.failure);
  }

  /** A line of its own; the progress line is drawn again below it. */
  tell(text: string): void {
    this.#line.tell(text);
  }

  [Symbol.dispose](): void {
    this.#line[Symbol.dispose]();
  }

  /** Each kind of failure is told when it is first seen: whoever watches can stop before all have failed. */
  #failed(record: EpisodeRecord, failure: NonNullable<EpisodeRecord["failure"]>): void {
    const { class: name, message } = failure;
    this.#failures.set(name, (this.#failures.get(name) ?? 0) + 1);
    const shown = message.replaceAll(/\s+/g, " ").slice(0, messageCharacters);
    const kind = `${name} ${shown.replaceAll(/\d+/g, "0")}`;
    if (this.#told.has(kind) || this.#told.size >= failuresTold) return;
    this.#told.add(kind);
    this.tell(`episode ${record.episodeId} in ${record.cellId} failed: ${name}: ${shown}`);
  }

  #played(): number {
    const since = this.#playingSinceNs;
    return this.#playedNs + (since === null ? 0 : this.#options.clock.nowNs() - since);
  }

  #parts(): readonly StatusPart[] {
    const { finishedBefore, clock } = this.#options;
    const [cells, episodes] = [this.#cells, this.#episodes];
    const elapsedS = (clock.nowNs() - this.#startedNs) / 1e9;
    const playedS = this.#played() / 1e9;
    const left = this.#done === 0 ? null : (playedS / this.#done) * (episodes - this.#done);
    const failures = [...this.#failures].map(([name, count]) => `${name} ${count}`).join(", ");
    const pace = playedS === 0 || this.#done === 0 ? "" : `${paceText((60 * this.#done) / playedS)}/min`;
    const cell =
      this.#cell === null
        ? ""
        : `cell ${this.#cellsStarted}/${cells} ${this.#cell.cellId} ${this.#cellDone}/${this.#cellTotal}`;
    const time = `${clockText(elapsedS)}${left === null ? "" : `, about ${clockText(left)} left${this.#grows ? " of this step" : ""}`}`;
    const done = `${finishedBefore + this.#done}/${finishedBefore + episodes}`;
    return [
      { text: this.#phase ?? "", rank: 1 },
      { text: this.#phase === null ? cell : "", rank: 4 },
      { text: `episodes ${done}${this.#inFlight === 0 ? "" : `, ${this.#inFlight} in flight`}`, rank: 2 },
      { text: this.#judged === 0 ? "" : `passed ${this.#passed} of ${this.#judged}`, rank: 6 },
      { text: failures === "" ? "" : `failed: ${failures}`, rank: 3 },
      { text: pace, rank: 5 },
      { text: time, rank: 0 },
    ];
  }
}

function paceText(perMinute: number): string {
  return perMinute >= 100 ? perMinute.toFixed(0) : perMinute.toPrecision(2);
}

/** Seconds as `1:02:03` or `2:03`. */
export function clockText(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}
