import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { HttpExchange } from "./generation.ts";
import { ApiError, readBody, sendBare, sendJson, sendPage } from "./http.ts";

const flushed =
  "Cache flushed.\nPlease check backend logs for more details. " +
  "(When there are running or waiting requests, the operation will not be performed.)\n";

export function metricsPage({ engine, request, response }: HttpExchange): void {
  if (engine.faults.noMetrics) throw new ApiError(404, "Not Found");
  if (!engine.options.metrics) throw new ApiError(404, "Not Found");
  sendPage(request, response, engine.metrics.page(engine.scheduler, request.headers.accept ?? ""));
}

export function flushCache({ engine, response }: HttpExchange): void {
  const done = engine.scheduler.flush();
  sendBare(response, done ? 200 : 400, done ? flushed : "Flush cache failed.\n");
}

/** SGLang looks once a second whether a token has come. */
const healthMs = 1000;

/**
 * `GET /health` and `/health_generate`: a round trip of one token through the scheduler, which the request metrics do not
 * count, and an answer a second later at the earliest.
 */
export async function health({ engine, response }: HttpExchange): Promise<void> {
  if (!engine.isWarm) {
    sendBare(response, 503, "");
    return;
  }
  const probed = engine.probe(Int32Array.of(0), { maxNewTokens: 1, counted: false });
  await Promise.all([probed, sleep(healthMs)]);
  sendBare(response, 200, "");
}

export async function abortRequest({ engine, request, response }: HttpExchange): Promise<void> {
  const schema = z.object({ rid: z.string().default(""), abort_all: z.boolean().default(false) });
  const { rid, abort_all: all } = await readBody(request, schema);
  if (all) engine.abortAll();
  else if (rid !== "") engine.abortById(rid);
  sendBare(response, 200, "");
}

/** `GET /simulator/log?since=SEQ`: what the engine knows about its latest requests. */
export function requestLog({ engine, request, response }: HttpExchange): void {
  const since = Number(new URL(request.url ?? "/", "http://simulator").searchParams.get("since") ?? "0");
  if (!Number.isInteger(since) || since < 0) throw new ApiError(400, "since must be a sequence number.");
  sendJson(response, 200, engine.log.since(since));
}
