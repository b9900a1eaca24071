import type { Engine } from "./engine.ts";
import { noKey } from "./keys.ts";

/** What a scrape of an engine's page has to send. */
export interface MetricsAccess {
  readonly headers?: Readonly<Record<string, string>>;
  readonly keyName?: string | undefined;
}

/** The engine's key goes to its own host and to no other: a metrics page may be somebody else's server. */
export function metricsAccess(
  engine: Pick<Engine, "metricsUrl"> & Partial<Pick<Engine, "url" | "apiKey" | "apiKeyEnv">>,
): MetricsAccess {
  const { url, metricsUrl, apiKey, apiKeyEnv } = engine;
  if (url === undefined || apiKey === undefined || apiKey === noKey) return {};
  if (new URL(url).hostname !== new URL(metricsUrl).hostname) return {};
  return { headers: { authorization: `Bearer ${apiKey}` }, keyName: apiKeyEnv };
}
