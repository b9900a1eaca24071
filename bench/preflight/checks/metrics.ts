import { readEngineState } from "../../metrics/engine-state.ts";
import { detectProfile } from "../../metrics/detect-profile.ts";
import { missingText, unknownPageText } from "../../metrics/found-names.ts";
import { scrape, ScrapeError } from "../../metrics/snapshot.ts";
import type { Engine } from "../../stack/engine.ts";
import { metricsAccess } from "../../stack/metrics-access.ts";
import type { Finding } from "../../store/preflight-record.ts";
import { failed, nameOf, notChecked, ok, warning, type Check, type PreflightContext } from "../check.ts";
import { enginesOf } from "../../stack/stack.ts";

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
      ...metricsAccess(engine),
      clock: context.clock,
      timeoutMs: 10_000,
      signal: context.signal,
    });
    const profile = detectProfile(snapshot.exposition.samples);
    const page = [...new Set(snapshot.exposition.samples.map(({ name }) => name))];
    if (profile === null) {
      return failed(
        on,
        `${engine.metricsUrl}: ${unknownPageText(page)}`,
        "Give the engine's own page as metricsUrl (not a router's); start SGLang with --enable-metrics, llama.cpp with --metrics.",
      );
    }
    const state = readEngineState(snapshot, profile);
    const needed = (["promptTokens", "generationTokens", "cachedTokens"] as const).filter(
      (concept) => concept !== "cachedTokens" || !profile.promptTotalIncludesCached,
    );
    const missing = needed
      .map((concept) => profile.counters[concept]?.names ?? [])
      .filter((names) => !names.some((name) => page.includes(name)));
    if (missing.length > 0) {
      return failed(
        on,
        `${engine.metricsUrl}, a ${profile.engine} page, after a request was answered: ${missing.map((names) => missingText(names, page, profile)).join("; ")}`,
        "Check that the page belongs to this server and that no PROMETHEUS_MULTIPROC_DIR is shared or left over; an older version of the engine may not have this counter.",
      );
    }
    if (state.promptTokens === null || state.generationTokens === null) {
      return failed(
        on,
        `${engine.metricsUrl}: the token counters of ${profile.engine} are there but are no numbers, or occur more than once`,
        "Look at the page: is it merged from several servers?",
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
