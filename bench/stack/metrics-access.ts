import { noKey } from "./keys.ts";

/** What a scrape of an engine's page has to send. */
export interface MetricsAccess {
  readonly headers?: Readonly<Record<string, string>>;
  readonly keyName?: string | undefined;
}

/** A server with a metrics page, and the key that it was given. */
export interface ScrapedServer {
  readonly metricsUrl: string;
  readonly url?: string;
  readonly apiKey?: string;
  readonly apiKeyEnv?: string | undefined;
}

/** The engine's key goes to its own host and to no other: a metrics page may be somebody else's server. */
export function metricsAccess({ url, metricsUrl, apiKey, apiKeyEnv }: ScrapedServer): MetricsAccess {
  if (url === undefined || apiKey === undefined || apiKey === noKey) return {};
  if (new URL(url).hostname !== new URL(metricsUrl).hostname) return {};
  return { headers: { authorization: `Bearer ${apiKey}` }, keyName: apiKeyEnv };
}
