/** Closing later than this after an answer is a server's idle limit, and no haste. */
const earlyMs = 1_000;
const timesMin = 3;
const shareMin = 0.1;

/**
 * How a server treats connections that it promised to keep. Some close them right after an answer (llama.cpp after every
 * stream, some 1 to 5 ms later), so that the next request meets a connection that is about to end.
 */
export class Manners {
  #answers = 0;
  #early = 0;

  /** An answer came whole, over a connection that may be used again. */
  answered(): void {
    this.#answers += 1;
  }

  /** The server closed a connection although nobody had asked anything since its last answer. */
  closed(afterAnswerMs: number): void {
    if (afterAnswerMs <= earlyMs) this.#early += 1;
  }

  /** Whether its connections are not to be relied upon: from then on every request has one of its own. */
  get closes(): boolean {
    return this.#early >= timesMin && this.#early >= shareMin * this.#answers;
  }
}
