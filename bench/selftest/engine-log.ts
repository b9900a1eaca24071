import { request } from "undici";
import { z } from "zod";
import { StartError } from "../errors.ts";
import { identityHeaders } from "../workload/exchange.ts";

const entrySchema = z.object({
  seq: z.number(),
  headers: z.record(z.string(), z.string()),
  receivedNs: z.number(),
  sendNs: z.array(z.number()),
  endNs: z.number(),
  finish: z.string(),
  promptIds: z.array(z.number()),
  outputIds: z.array(z.number()),
});
const pageSchema = z.object({ next: z.number(), dropped: z.boolean(), requests: z.array(entrySchema) });

/** What the simulated engine knows of one request, by its own clock readings in its own process. */
export interface EngineRequest {
  /** Head of the request there. */
  readonly receivedNs: number;
  /** Each chunk with generated text handed to the kernel. */
  readonly sendNs: readonly number[];
  readonly endNs: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/** Reads the simulator's request log once per call, from where the last call ended. */
export class EngineLog {
  readonly #url: string;
  #next: number;

  private constructor(url: string, next: number) {
    this.#url = url;
    this.#next = next;
  }

  /** Begins behind everything that the engine has served so far. */
  static async from(engineUrl: string): Promise<EngineLog> {
    // Asked from far behind the end: a full log just before a measurement leaves the engine with garbage to collect in it.
    const { next } = await readPage(engineUrl, Number.MAX_SAFE_INTEGER);
    return new EngineLog(engineUrl, next);
  }

  /**
   * Requests since the last call, by the id that the client gave them.
   * @throws {StartError} when the engine has forgotten some: read more often
   */
  async read(): Promise<ReadonlyMap<string, EngineRequest>> {
    const page = await readPage(this.#url, this.#next);
    if (page.dropped)
      throw new StartError("simulator", `The simulator's log has dropped requests since ${this.#next}.`);
    this.#next = page.next;
    return new Map(
      page.requests.map(({ headers, receivedNs, sendNs, endNs, promptIds, outputIds }) => [
        headers[identityHeaders.request] ?? "",
        { receivedNs, sendNs, endNs, promptTokens: promptIds.length, outputTokens: outputIds.length },
      ]),
    );
  }
}

async function readPage(engineUrl: string, since: number): Promise<z.infer<typeof pageSchema>> {
  const response = await request(`${engineUrl}/simulator/log?since=${since}`);
  return pageSchema.parse(await response.body.json());
}
