import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../measure/clock.ts";
import { scrape, ScrapeError } from "../../metrics/snapshot.ts";
import { readServerInfo, type ServerInfo } from "../docker/server-info.ts";
import type { Engine } from "../engine.ts";
import { metricsAccess } from "../metrics-access.ts";
import { variantOf } from "../variant-evidence.ts";

/**
 * `<role>.json`: what a server says about itself once it runs, keys redacted. `more` is what the stack knows of it.
 * @param directory `evidence/servers`
 */
export async function keepEngineEvidence(
  engine: Engine,
  options: {
    readonly directory: string;
    readonly signal: AbortSignal;
    /** The one of `sweep.variants` that the agent's engine is. */
    readonly variant?: string | undefined;
    readonly more?: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const { role, url, apiKey, model, identity, processIdentity, contextLength } = engine;
  const { directory, signal, more } = options;
  const variant = variantOf(role, options.variant);
  const serverInfo = await readServerInfo(url, { apiKey, signal });
  const prefixCache = await prefixCacheOf(engine, serverInfo, signal);
  const { simulated } = identity;
  const said = { simulated, identity, processIdentity, contextLength, prefixCache };
  const kept = { v: 1, role, ...variant.field, url, model, ...said, ...more, serverInfo };
  await keepNext(directory, role + variant.suffix, `${JSON.stringify(kept, null, 2)}\n`);
}

/** Whether a prompt's beginning is remembered: SGLang says it in `/server_info`, vLLM on its metrics page. null where nobody says. */
async function prefixCacheOf(
  engine: Engine,
  serverInfo: ServerInfo,
  signal: AbortSignal,
): Promise<boolean | null> {
  const disabled = serverInfo?.["disable_radix_cache"];
  if (typeof disabled === "boolean") return !disabled;
  if (engine.identity.name !== "vllm") return null;
  try {
    const access = { ...metricsAccess(engine), clock: systemClock, timeoutMs: 10_000, signal };
    const { samples } = (await scrape(engine.metricsUrl, access)).exposition;
    const stated = new Set(
      samples.flatMap(({ name, labels }) =>
        name === "vllm:cache_config_info" ? (labels.get("enable_prefix_caching") ?? []) : [],
      ),
    );
    // Several engines behind one page may differ.
    return stated.size !== 1 ? null : stated.has("True") ? true : stated.has("False") ? false : null;
  } catch (error) {
    if (error instanceof ScrapeError) return null; // The check `metrics` says what is wrong with the page.
    throw error;
  }
}

/** Under the first name that is free: what an earlier invocation met is not overwritten. */
export async function keepNext(directory: string, what: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (let count = 0; ; count += 1) {
    const name = count === 0 ? `${what}.json` : `${what}-${count}.json`;
    try {
      await writeFile(join(directory, name), text, { flag: "wx", flush: true });
      return;
    } catch (thrown) {
      if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) throw thrown;
    }
  }
}
