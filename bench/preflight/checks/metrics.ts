import { readEngineState } from "../../metrics/engine-state.ts";
import { detectProfile } from "../../metrics/detect-profile.ts";
import { engineProfiles } from "../../metrics/profiles/known-engines.ts";
import { scrape, ScrapeError } from "../../metrics/snapshot.ts";
import type { Engine } from "../../stack/engine.ts";
import type { Finding } from "../../store/preflight-record.ts";
import { failed, nameOf, notChecked, ok, warning, type Check, type PreflightContext } from "../check.ts";
import { enginesOf } from "../../stack/stack.ts";

const prefixes = engineProfiles.map(({ prefix }) => prefix).join(", ");

/** After `generation`: a labelled counter has no sample before its first request. */
export const metricsCheck: Check = {
  name: "metrics",
  proves: "each engine's metrics page carries the counters of a known engine",
  async run(context) {
    const { agentEngine, userEngine } = context.stack;
    const findings: Finding[] = [];
    for (const engine of enginesOf(context.stack)) findings.push(await pageOf(engine, context));
    if (agentEngine.metricsUrl === userEngine?.metricsUrl) {
      findings.push(
        warning(
          "both engines",
          `agent and user share one page, ${agentEngine.metricsUrl}: its counters cannot tell them apart, so tokens cannot be reconciled`,
          "Give each role a server of its own, or the right metricsUrl.",
        ),
      );
    }
    return { findings };
  },
};

async function pageOf(engine: Engine, context: PreflightContext): Promise<Finding> {
  const on = nameOf(engine);
  const reason = context.unusable.get(engine);
  if (reason !== undefined) return notChecked(on, reason);
  try {
    const snapshot = await scrape(engine.metricsUrl, {
      clock: context.clock,
      timeoutMs: 10_000,
      signal: context.signal,
    });
    const profile = detectProfile(snapshot.exposition.samples);
    if (profile === null) {
      return failed(
        on,
        `the page ${engine.metricsUrl} has none of the prefixes ${prefixes}, or several of them`,
        "Give the engine's own page as metricsUrl (not a router's); start SGLang with --enable-metrics, llama.cpp with --metrics.",
      );
    }
    const state = readEngineState(snapshot, profile);
    const missing = (["promptTokens", "generationTokens"] as const).filter((count) => state[count] === null);
    if (missing.length > 0) {
      return failed(
        on,
        `${engine.metricsUrl} is a ${profile.engine} page without ${missing.map((count) => profile.counters[count]?.names[0]).join(" and ")} after a request was answered`,
        "Check that the page belongs to this server and that no PROMETHEUS_MULTIPROC_DIR is shared or left over.",
      );
    }
    if (state.running === null || state.queued === null) {
      return warning(
        on,
        `a ${profile.engine} page that does not tell running and queued requests: Tollgate cannot wait until the engine is idle`,
        "Use a version of the engine that reports them.",
      );
    }
    return ok(on, `${engine.metricsUrl} has the counters of ${profile.engine} (${profile.prefix})`);
  } catch (error) {
    if (!(error instanceof ScrapeError)) throw error;
    return failed(
      on,
      error.message,
      "Start the engine with metrics on (SGLang: --enable-metrics; llama.cpp: --metrics), or give stack's metricsUrl.",
    );
  }
}
