import { type Dispatcher, request } from "undici";
import { z } from "zod";
import { messageOf, TollgateError } from "../errors.ts";
import type { Clock } from "../measure/clock.ts";
import { type Exposition, ExpositionError, parseExposition } from "./exposition.ts";
import { pageBytesMax, PageTooLargeError, readPage, type ReadPage } from "./read-page.ts";
import { Deadline } from "../measure/deadline.ts";

/** One scrape: the verbatim page, what it says, and when it was taken. */
export interface Snapshot {
  /** Where it came from; null for a page read from a plain file. */
  readonly url: string | null;
  /** Wall clock at the end of the scrape, ISO 8601; null for a plain file. */
  readonly at: string | null;
  /** Monotonic nanoseconds of the scraping host at the end of the scrape; null for a plain file. */
  readonly atNs: number | null;
  readonly text: string;
  readonly exposition: Exposition;
  /** When the process started, as llama.cpp says it in the head of the page; absent where nobody says it. */
  readonly processStart?: string;
}

export type ScrapeFailure =
  "unreachable" | "timeout" | "aborted" | "status" | "encoding" | "too-large" | "not-exposition";

/** A scrape that gave no page. `reason` tells the classes apart; absent metrics are never reported as zero. */
export class ScrapeError extends TollgateError {
  readonly code = "TOLLGATE_SCRAPE";
  readonly url: string;
  readonly reason: ScrapeFailure;
  readonly status: number | null;

  constructor(
    failure: { readonly url: string; readonly reason: ScrapeFailure; readonly status?: number },
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(`cannot read metrics of ${failure.url}: ${message}`, options);
    this.url = failure.url;
    this.reason = failure.reason;
    this.status = failure.status ?? null;
  }
}

export interface ScrapeOptions {
  readonly clock: Clock;
  /** Whole scrape, head and body. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** E.g. `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Where the key in `headers` comes from, for the message when it is refused: the name of an environment variable. */
  readonly keyName?: string | undefined;
  /** Default 32 MiB. */
  readonly bytesMax?: number;
}

/** Asked for explicitly: engines answer with OpenMetrics or escaped names to other Accept headers. */
const acceptedFormat = "text/plain; version=0.0.4";

/** Address of the metrics page of a server: `url` itself when it has a path other than the API's `/v1`, else its `/metrics`. */
export function metricsUrl(url: string): string {
  const parsed = new URL(url);
  if (/^\/*(v1\/*)?$/.test(parsed.pathname)) parsed.pathname = "/metrics";
  return parsed.href;
}

/** Reads `url` (see {@link metricsUrl}) once. Throws {@link ScrapeError} when there is no readable page. */
export async function scrape(url: string, options: ScrapeOptions): Promise<Snapshot> {
  const page = metricsUrl(url);
  using deadline = new Deadline(options.timeoutMs, ...(options.signal === undefined ? [] : [options.signal]));
  const { signal } = deadline;
  const fetched = await fetchPage(page, { ...options, signal }).catch((error: unknown) => {
    if (error instanceof ScrapeError) throw error;
    if (error instanceof ExpositionError) {
      throw new ScrapeError({ url: page, reason: "not-exposition" }, error.message, { cause: error });
    }
    if (error instanceof PageTooLargeError) {
      throw new ScrapeError({ url: page, reason: "too-large" }, error.message, { cause: error });
    }
    throw transportError(page, error, { options, timedOut: deadline.over });
  });
  return { url: page, at: options.clock.wallIso(), atNs: options.clock.nowNs(), ...fetched };
}

/** What nobody wants to read is not read: heads are looked at first, and the connection is closed. */
async function fetchPage(
  url: string,
  options: ScrapeOptions & { readonly signal: AbortSignal },
): Promise<ReadPage & Pick<Snapshot, "processStart">> {
  const response = await request(url, {
    headers: { ...options.headers, accept: acceptedFormat, "accept-encoding": "identity" },
    signal: options.signal,
  });
  try {
    requireUsableHead(url, response, options);
  } catch (error) {
    response.body.on("error", () => undefined).destroy();
    throw error;
  }
  const { signal, bytesMax = pageBytesMax } = options;
  const read = await readPage(response.body, { signal, bytesMax });
  const start = response.headers["process-start-time-unix"];
  return typeof start === "string" ? { ...read, processStart: start } : read;
}

function requireUsableHead(
  url: string,
  response: Pick<Dispatcher.ResponseData, "statusCode" | "headers">,
  options: ScrapeOptions,
): void {
  if (response.statusCode !== 200) {
    const failure = { url, reason: "status", status: response.statusCode } as const;
    throw new ScrapeError(failure, `status ${response.statusCode}${statusHint(response, options.keyName)}`);
  }
  const encoding = response.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    throw new ScrapeError(
      { url, reason: "encoding" },
      `content-encoding ${String(encoding)} was not asked for`,
    );
  }
  const length = Number(response.headers["content-length"]);
  const bytesMax = options.bytesMax ?? pageBytesMax;
  if (length > bytesMax) throw new PageTooLargeError(length, bytesMax);
}

function statusHint(
  { statusCode, headers }: Pick<Dispatcher.ResponseData, "statusCode" | "headers">,
  keyName: string | undefined,
): string {
  if (statusCode === 404) return "; is the server started with metrics on (SGLang: --enable-metrics)?";
  if (statusCode >= 300 && statusCode < 400) {
    return `, a redirect to ${String(headers["location"] ?? "another address")}; give that address`;
  }
  if (statusCode !== 401 && statusCode !== 403) return "";
  return keyName === undefined
    ? "; the page wants a key, and none is set (apiKeyEnv, or --api-key-env of the metrics commands)"
    : `; the key in ${keyName} was refused`;
}

function transportError(
  url: string,
  error: unknown,
  state: { readonly options: ScrapeOptions; readonly timedOut: boolean },
): ScrapeError {
  if (state.options.signal?.aborted === true) {
    return new ScrapeError({ url, reason: "aborted" }, "stopped by the caller", { cause: error });
  }
  if (state.timedOut) {
    const message = `no complete page within ${state.options.timeoutMs} ms`;
    return new ScrapeError({ url, reason: "timeout" }, message, { cause: error });
  }
  return new ScrapeError({ url, reason: "unreachable" }, connectionMessage(error), { cause: error });
}

/** For a name with several addresses Node gives one error per address, wrapped in an error without a message. */
function connectionMessage(error: unknown): string {
  return error instanceof AggregateError ? error.errors.map(messageOf).join("; ") : messageOf(error);
}

const snapshotSchema = z.object({
  type: z.literal("metrics-snapshot"),
  v: z.literal(1),
  url: z.string().nullable(),
  at: z.string().nullable(),
  atNs: z.number().nullable(),
  text: z.string(),
});

/** The JSON form of a snapshot: the verbatim page with its time stamps. {@link readSnapshot} reads it back. */
export function snapshotJson(snapshot: Snapshot): string {
  const { url, at, atNs, text } = snapshot;
  return `${JSON.stringify({ type: "metrics-snapshot", v: 1, url, at, atNs, text }, null, 2)}\n`;
}

/**
 * Reads a stored snapshot: either an exposition page or the JSON of {@link snapshotJson}. Throws
 * {@link ExpositionError} when it is neither; line 0 stands for the JSON document as a whole.
 */
export function readSnapshot(text: string): Snapshot {
  const json = text.trimStart().startsWith("{") ? parseJson(text) : undefined;
  if (json === undefined) return { url: null, at: null, atNs: null, text, exposition: parseExposition(text) };
  const stored = snapshotSchema.safeParse(json);
  if (!stored.success) {
    throw new ExpositionError(0, `JSON, but not a metrics snapshot (${z.prettifyError(stored.error)})`, text);
  }
  const { url, at, atNs, text: page } = stored.data;
  return { url, at, atNs, text: page, exposition: parseExposition(page) };
}

/** undefined when the text is not JSON: a page whose first name is quoted also starts with a brace. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
