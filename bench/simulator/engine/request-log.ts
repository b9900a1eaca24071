/** What the engine itself knows about one request, for tests that compare with it. All `*Ns` are CLOCK_MONOTONIC. */
export interface RequestLogEntry {
  readonly seq: number;
  readonly id: string;
  readonly endpoint: string;
  readonly streamed: boolean;
  /** The request's `x-tollgate-*` headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Request head read: the first that this process knows of the request. */
  readonly receivedNs: number;
  /** Request body read completely and parsed. */
  readonly arrivalNs: number;
  /** null when the request never left the queue. */
  readonly prefillStartNs: number | null;
  /** When each output token existed. */
  readonly tokenNs: readonly number[];
  /**
   * When each chunk with generated text or a piece of a tool call was handed to the kernel; without stream: the one
   * response.
   */
  readonly sendNs: readonly number[];
  /** The last byte was handed over. */
  readonly endNs: number;
  readonly finish: string;
  readonly cachedTokens: number;
  readonly promptIds: Int32Array;
  /** Tokens that were produced (fewer than planned after an abort). */
  readonly outputIds: Int32Array;
  readonly logprobs: readonly number[];
}

/** Keeps the latest requests, bounded by number and by tokens. */
export class RequestLog {
  readonly #entries: RequestLogEntry[] = [];
  readonly #entriesMax: number;
  readonly #tokensMax: number;
  readonly #sink: ((line: string) => void) | null;
  #tokens = 0;
  #nextSeq = 0;

  constructor(options: {
    readonly entriesMax: number;
    readonly tokensMax: number;
    /** Receives every entry as one line of JSON. */
    readonly sink: ((line: string) => void) | null;
  }) {
    this.#entriesMax = options.entriesMax;
    this.#tokensMax = options.tokensMax;
    this.#sink = options.sink;
  }

  append(entry: Omit<RequestLogEntry, "seq">): void {
    const complete = { seq: this.#nextSeq++, ...entry };
    this.#sink?.(`${JSON.stringify(plainEntry(complete))}\n`);
    this.#entries.push(complete);
    this.#tokens += size(complete);
    while (
      this.#entries.length > this.#entriesMax ||
      (this.#tokens > this.#tokensMax && this.#entries.length > 1)
    ) {
      const oldest = this.#entries.shift();
      if (oldest !== undefined) this.#tokens -= size(oldest);
    }
  }

  /** Entries from `seq` on; `next` is where to go on; `dropped` says that some before them were already forgotten. */
  since(seq: number): {
    readonly next: number;
    readonly dropped: boolean;
    readonly requests: readonly unknown[];
  } {
    const first = this.#entries[0]?.seq ?? this.#nextSeq;
    return {
      next: this.#nextSeq,
      dropped: seq < first,
      requests: this.#entries.filter((entry) => entry.seq >= seq).map(plainEntry),
    };
  }
}

function size(entry: RequestLogEntry): number {
  return entry.promptIds.length + entry.outputIds.length;
}

/** With arrays that JSON can hold. */
function plainEntry(entry: RequestLogEntry): unknown {
  return { ...entry, promptIds: [...entry.promptIds], outputIds: [...entry.outputIds] };
}
