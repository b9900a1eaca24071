import type { ServerResponse } from "node:http";
import { safeHeaders, type Answer } from "./answer.ts";
import type { RunLibrary } from "./run-library.ts";

/** How often the files of a run are looked at, while somebody listens. */
const lookEveryMs = 1000;
/** A line that says nothing keeps a connection through a tunnel, and finds one whose other end is gone. */
const quietMs = 15_000;
const streamsMax = 64;

/** Server-sent events: a `change` whenever a run, or the folder of runs, is not any more what the listener knows. */
export class EventStreams {
  readonly #library: RunLibrary;
  readonly #open = new Set<ServerResponse>();
  readonly #ended = new AbortController();

  constructor(library: RunLibrary) {
    this.#library = library;
  }

  /** Takes the response over and returns null, or what to answer instead. */
  async open(
    asked: { readonly name: string | null; readonly since: string | null },
    response: ServerResponse,
  ): Promise<Answer | null> {
    const version = await this.#versionOf(asked.name);
    if (version === null) return { status: 404, type: "text/plain", body: "There is no such run.\n" };
    if (this.#open.size >= streamsMax)
      return { status: 503, type: "text/plain", body: "Too many pages listen already.\n" };
    response.writeHead(200, { ...safeHeaders, "content-type": "text/event-stream; charset=utf-8" });
    response.write(": listening\n\n");
    this.#open.add(response);
    response.once("close", () => this.#open.delete(response));
    void this.#tell(asked, response);
    return null;
  }

  end(): void {
    this.#ended.abort();
    for (const response of this.#open) response.end();
  }

  async #tell(
    { name, since }: { readonly name: string | null; readonly since: string | null },
    response: ServerResponse,
  ): Promise<void> {
    let known = since;
    let quietSinceMs = performance.now();
    while (this.#open.has(response) && !this.#ended.signal.aborted) {
      const version = await this.#versionOf(name);
      if (version !== null && version !== known) {
        known = version;
        quietSinceMs = performance.now();
        response.write(`event: change\ndata: ${JSON.stringify({ version })}\n\n`);
      } else if (performance.now() - quietSinceMs > quietMs) {
        quietSinceMs = performance.now();
        response.write(": still here\n\n");
      }
      await this.#pause();
    }
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const over = () => {
        clearTimeout(timer);
        this.#ended.signal.removeEventListener("abort", over);
        resolve();
      };
      const timer = setTimeout(over, lookEveryMs);
      this.#ended.signal.addEventListener("abort", over, { once: true });
    });
  }

  /** null for a run that is not there (any more). */
  async #versionOf(name: string | null): Promise<string | null> {
    return name === null ? await this.#library.version() : await this.#library.versionOf(name);
  }
}
