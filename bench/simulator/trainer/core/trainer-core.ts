import { loadTokenizer, type Tokenizer } from "../../model/tokenizer.ts";
import { TrainerFaults } from "./faults.ts";
import type { Law } from "../law/law-schema.ts";
import { Likelihood } from "../model/likelihood.ts";
import { MetricsPage } from "../serving/metrics-page.ts";
import { Turns } from "../serving/turns.ts";
import { Adapters } from "../state/adapters.ts";
import { type CachedAnswer, CompletionCache } from "../state/completion-cache.ts";
import { StateFolder } from "../state/state-folder.ts";

/** What a simulated trainer needs of its process. */
export interface TrainerIo {
  /** Receives the ready line, without a newline. */
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  /** Monotonic nanoseconds. */
  readonly clockNs: () => number;
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly uuid: () => string;
  readonly pid: number;
  /** Aborted when the trainer should stop. */
  readonly signal: AbortSignal;
  /** Ends the process at once, as a crash would. */
  readonly die: () => void;
}

export interface TrainerOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly law: Law;
  /** Folder in which adapters outlive the process; null: they do not. */
  readonly state: string | null;
}

/** Everything that the endpoints of a simulated trainer share. */
export class TrainerCore {
  readonly law: Law;
  readonly io: TrainerIo;
  readonly tokenizer: Tokenizer = loadTokenizer();
  readonly likelihood: Likelihood;
  readonly adapters: Adapters;
  readonly turns: Turns;
  readonly metrics: MetricsPage;
  readonly faults: TrainerFaults;
  readonly #cache: CompletionCache;
  readonly #folder: StateFolder | null;
  readonly #locks = new Map<string, Promise<void>>();
  readonly #asked = new Map<string, number>();

  /** @throws ConfigError for a state folder that cannot be used */
  constructor({ law, state }: TrainerOptions, io: TrainerIo) {
    this.law = law;
    this.io = io;
    this.#folder = state === null ? null : new StateFolder(state);
    this.likelihood = new Likelihood(law, this.tokenizer);
    this.adapters = new Adapters(law, this.#folder);
    this.turns = new Turns(law);
    this.metrics = new MetricsPage(law.base_models[0] ?? "", this.turns);
    this.faults = new TrainerFaults(law.faults);
    this.#cache = new CompletionCache(law.completion_cache_size, io.nowMs);
    for (const answer of this.#folder?.answers(law.completion_cache_size) ?? []) this.#cache.put(answer);
  }

  remember(answer: CachedAnswer): void {
    this.#folder?.append(answer);
    this.#cache.put(answer);
  }

  remembered(key: string): CachedAnswer | null {
    return this.#cache.get(key);
  }

  /** How often the same was asked before, of a model in the same state. */
  timesAsked(what: string): number {
    const times = this.#asked.get(what) ?? 0;
    this.#asked.set(what, times + 1);
    return times;
  }

  /** Updates of one adapter follow each other. */
  async withLock<T>(loraId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#locks.get(loraId) ?? Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#locks.set(
      loraId,
      before.then(() => promise),
    );
    await before;
    try {
      return await work();
    } finally {
      resolve();
    }
  }

  /** When no update runs that was asked for before. */
  async settled(): Promise<void> {
    await Promise.all(this.#locks.values());
  }

  /** Ends the process as a crash would: once in the life of the state, not again after every start. */
  dieOnce(name: string): void {
    if (this.#folder?.markOnce(name) !== false) this.io.die();
  }

  close(): void {
    this.#folder?.close();
  }
}
