import { request } from "undici";
import { z } from "zod";
import { boundedText, descriptionBytesMax } from "../host/bounded-body.ts";
import { Deadline } from "../measure/deadline.ts";

/** SGLang's scheduler as it is now; a rank for each replica. Other fields differ between versions. */
const loadsSchema = z.object({
  loads: z
    .array(
      z.object({
        num_running_reqs: z.number(),
        num_waiting_reqs: z.number(),
        token_usage: z.number().nullish().catch(null),
      }),
    )
    .min(1),
});

export interface EngineLoads {
  readonly running: number;
  readonly queued: number;
  /** Share of the memory for keys and values that is in use, mean over replicas; null where it does not say. */
  readonly kvUsage: number | null;
}

/**
 * What SGLang's `/v1/loads` says; null for a server that has no such page. Its gauges in `/metrics` are refreshed when a
 * batch is logged: 0.5.10 shows a request for 30 s after its end, 0.5.23 shows none just after its beginning.
 * @param metricsUrl any address of the server
 */
export async function readLoads(
  metricsUrl: string,
  options: {
    readonly timeoutMs: number;
    readonly signal?: AbortSignal | undefined;
    readonly headers?: Readonly<Record<string, string>> | undefined;
  },
): Promise<EngineLoads | null> {
  using deadline = new Deadline(options.timeoutMs, ...(options.signal === undefined ? [] : [options.signal]));
  try {
    const url = new URL("/v1/loads?include=core", metricsUrl);
    const response = await request(url, { headers: options.headers ?? {}, signal: deadline.signal });
    const text = await boundedText(response.body, descriptionBytesMax);
    if (response.statusCode !== 200) return null;
    const { data } = loadsSchema.safeParse(JSON.parse(text));
    if (data === undefined) return null;
    const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
    const usages = data.loads.flatMap((rank) => rank.token_usage ?? []);
    return {
      kvUsage: usages.length === data.loads.length ? sum(usages) / usages.length : null,
      running: sum(data.loads.map((rank) => rank.num_running_reqs)),
      queued: sum(data.loads.map((rank) => rank.num_waiting_reqs)),
    };
  } catch {
    // No such page. Whether the server can be reached is what the metrics page, which is read before, decides.
    return null;
  }
}
