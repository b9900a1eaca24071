import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { identityHeaders } from "../../workload/exchange.ts";

export interface BackgroundLoadOptions {
  /** Of the tap, ending in `/v1`. */
  readonly baseUrl: string;
  /** By the name that chat requests use. */
  readonly model: string;
  /** Requests in flight. */
  readonly concurrency: number;
  /** Ends the answers that are under way, too. */
  readonly signal: AbortSignal;
}

/** How the requests of the load are called among what the tap saw. */
export const loadAttempt = "load";

/**
 * The same few questions again and again, at temperature 0: a trainer keeps the answers that feedback may be given on, and
 * forgets the oldest when there are many. Load that never says the same twice would make it forget those of the batch.
 */
const questions = [
  "Explain in five sentences how a bicycle stays upright.",
  "Describe how bread is made, step by step.",
  "What should a traveller know about time zones?",
  "Summarise how rain forms and why it falls.",
] as const;
const maxTokens = 64;
/** After a request that failed: a server that refuses at once must not be asked ten thousand times. */
const pauseMs = 100;
/** How long answers that are under way may go on when nothing new is asked. */
const graceMs = 30_000;

/** Users who ask one question after the other, until they are told to stop. What came of it is what the tap saw. */
export class BackgroundLoad {
  readonly #options: BackgroundLoadOptions;
  readonly #users: Promise<unknown>;
  readonly #cancel = new AbortController();
  #stopped = false;

  constructor(options: BackgroundLoadOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", this.#end);
    if (options.signal.aborted) this.#end();
    const users = Array.from({ length: options.concurrency }, (_, user) => this.#ask(user));
    this.#users = Promise.all(users);
  }

  /** Asks nothing new, and waits for the answers that are under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const timer = setTimeout(this.#end, graceMs);
    await this.#users;
    clearTimeout(timer);
    // The signal lives as long as the run, and has one listener for all requests.
    this.#options.signal.removeEventListener("abort", this.#end);
  }

  readonly #end = (): void => this.#cancel.abort();

  async #ask(user: number): Promise<void> {
    for (let turn = user; !this.#stopped; turn += 1) {
      const answered = await this.#one(questions[turn % questions.length] ?? questions[0]);
      if (!answered) await sleep(pauseMs);
    }
  }

  async #one(question: string): Promise<boolean> {
    const { baseUrl, model } = this.#options;
    try {
      const response = await request(`${baseUrl}/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json", [identityHeaders.attempt]: loadAttempt },
        body: JSON.stringify({
          model,
          messages: [{ role: "user", content: question }],
          temperature: 0,
          max_tokens: maxTokens,
          stream: true,
          stream_options: { include_usage: true },
        }),
        signal: this.#cancel.signal,
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      await response.body.dump({ limit: Number.MAX_SAFE_INTEGER });
      return response.statusCode === 200;
    } catch {
      // The tap has seen it, and why: it is counted there as failed.
      return false;
    }
  }
}
