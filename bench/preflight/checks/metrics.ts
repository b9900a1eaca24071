import { readEngineState } from "../../metrics/engine-state.ts";
import { detectProfile } from "../../metrics/detect-profile.ts";
import { missingText, unknownPageText } from "../../metrics/found-names.ts";
import { diff } from "../../metrics/delta.ts";
import type { EngineProfile } from "../../metrics/profiles/profile.ts";
import { readSnapshot, scrape, ScrapeError, type Snapshot } from "../../metrics/snapshot.ts";
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

const nothingYet = readSnapshot("");

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
    const unusable = tokenCounters({ engine, snapshot, profile, page });
    if (unusable !== null) return unusable;
    const untold = (["running", "queued"] as const).filter((gauge) => state[gauge] === null);
    if (untold.length > 0) {
      const names = untold.map((gauge) => missingText(profile.gauges[gauge], page, profile)).join("; ");
      return warning(
        on,
        `${names}: Tollgate cannot wait until the engine is idle`,
        "Use a version of the engine that reports them.",
      );
    }
    const { problems } = diff(nothingYet, snapshot);
    if (problems.length > 0) {
      return warning(
        on,
        `${engine.metricsUrl} contradicts itself or the format: ${problems.slice(0, 3).join("; ")}`,
        "What is named there is left out of every number. Is the page merged from several servers or workers?",
      );
    }
    return ok(on, `${engine.metricsUrl} has the counters of ${profile.engine} (${profile.prefix})`);
  } catch (error) {
    if (!(error instanceof ScrapeError)) throw error;
    const refused = error.status === 401 || error.status === 403;
    return failed(
      on,
      error.message,
      refused
        ? `Set stack.${engine.role}.apiKeyEnv to the environment variable that holds the key of this page.`
        : "Start the engine with metrics on (SGLang: --enable-metrics; llama.cpp: --metrics), or give stack's metricsUrl.",
    );
  }
}

interface KnownPage {
  readonly engine: Engine;
  readonly snapshot: Snapshot;
  readonly profile: EngineProfile;
  /** Every name on it. */
  readonly page: readonly string[];
}

/** What is wrong with the counters that everything rests on; null when they can be used. */
function tokenCounters({ engine, snapshot, profile, page }: KnownPage): Finding | null {
  const on = nameOf(engine);
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
  const state = readEngineState(snapshot, profile);
  if (state.promptTokens === null || state.generationTokens === null) {
    return failed(
      on,
      `${engine.metricsUrl}: the token counters of ${profile.engine} are there but are no numbers, or occur more than once`,
      "Look at the page: is it merged from several servers?",
    );
  }
  return null;
}
