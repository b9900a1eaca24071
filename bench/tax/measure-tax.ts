import { readLegs } from "../evidence/leg-evidence.ts";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { rebuildReplay } from "../report/rebuild.ts";
import type { ReplayTurn } from "../run/replay/replay-progress.ts";
import { executeReplay, type ReplaySource } from "../run/replay/replay-run.ts";
import type { RunEnd } from "../run/run-life.ts";
import type { StopRequest } from "../run/stop-request.ts";
import { systemClock } from "../measure/clock.ts";
import { tollgateVersion } from "../own-files.ts";
import { readRun } from "../store/read-run.ts";
import { findAlterations, type AlterationCheck } from "./alterations.ts";
import type { TaxServer } from "./ask.ts";
import { agentConversations } from "./conversations.ts";
import { judgeTax, taxFindings } from "./findings.ts";
import type { AddedLimit } from "./limit.ts";
import { probeServers, type Probed } from "./probe.ts";
import { planTax, type TaxPlan } from "./tax-plan.ts";
import type { TaxResult } from "./tax-report.ts";

export interface TaxOrder {
  readonly raw: TaxServer;
  readonly gateway: TaxServer;
  readonly model: string | undefined;
  readonly loads: readonly string[];
  /** For everything, from the first question on. */
  readonly seconds: number;
  readonly maxTokens: number;
  readonly limit: AddedLimit | null;
  readonly seed: number;
}

export interface TaxParts {
  /** Makes an experiment of the members of a file. */
  readonly load: (members: Readonly<Record<string, unknown>>) => Promise<LoadedExperiment>;
  readonly keyNames: { readonly raw: string | undefined; readonly gateway: string | undefined };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly argv: readonly string[];
  readonly outputDirectory: string;
  /** Whether the run directory stays. */
  readonly kept: boolean;
  readonly stop: StopRequest;
  readonly opened: (directory: string) => void;
  /** Phases and turns, as they begin. */
  readonly progress: (text: string) => void;
  readonly tell: (line: string) => void;
}

/** Of the whole time: what may go into the questions of before, and what the end takes. */
const alterationShare = 0.12;
const conversationShare = 0.05;
const endSeconds = 4;
const preflightSeconds = 6;

/** Questions about tasks, sessions and tools are not this run's; the disk has room for what it writes. */
const leftOut: ReplaySource["leftOut"] = {
  names: [
    "metrics",
    "tool-call",
    "context-length",
    "sampling",
    "session",
    "fidelity",
    "gpu-memory",
    "disk",
    "episode",
  ],
  why: "the servers are asked what a gateway needs, and nothing about tasks",
};

/**
 * What a gateway adds to the requests of an agent: asks both servers what they take, compares their answers to fixed
 * questions, then replays shipped conversations in blocks until the time is over.
 * @throws {StartError} when one of the servers cannot be measured
 */
export async function measureTax(order: TaxOrder, parts: TaxParts): Promise<RunEnd<TaxResult>> {
  const startedNs = systemClock.nowNs();
  const since = () => (systemClock.nowNs() - startedNs) / 1e9;
  const signal = parts.stop.asked;
  parts.progress("asking both servers what they take");
  const probed = await probeServers({
    ...order,
    conversationMs: order.seconds * 1000 * conversationShare,
    signal,
  });
  parts.progress("comparing their answers to fixed questions");
  const alterations = await findAlterations({
    ...order,
    ...probed,
    sizes: probed.sizes.map(({ size }) => size),
    budgetMs: order.seconds * 1000 * alterationShare,
    signal,
  });
  const left = order.seconds - since() - endSeconds - preflightSeconds;
  const plan = planTax({ ...order, seconds: left }, probed.sizes);
  const loaded = await parts.load(members(order, { probed, plan, keyNames: parts.keyNames }));
  parts.progress("starting taps and null proxy, asking whether the gateway leads to this engine");
  const { experiment, recorded, written, identities } = loaded;
  const { outputDirectory, environment, argv, stop, opened, tell } = parts;
  return executeReplay<TaxResult>(
    {
      experiment,
      taskData: { needsUserEngine: false, simulator: [] },
      environment,
      skipPreflight: new Set(),
      stop,
      tell,
    },
    {
      source: sourceOf(order),
      conversations: agentConversations({
        sizes: plan.sizes.map(({ size }) => size),
        count: plan.replay.conversations,
        tools: probed.tools,
      }),
      plan: plan.replay,
      recorded,
      written,
      identities,
      outputDirectory,
      argv,
      opened,
      watcher: { turnEnded: (turn) => parts.progress(turnText(turn)) },
      deadlineNs: startedNs + (order.seconds - endSeconds) * 1e9,
      report: (directory) =>
        resultOf({ order, probed, plan, alterations, directory, kept: parts.kept, since }),
    },
  );
}

function turnText({ setting, block, arm }: ReplayTurn): string {
  return `${setting.load}, block ${block + 1}: ${arm.label}`;
}

function sourceOf({ gateway }: TaxOrder): ReplaySource {
  return {
    experiment: "tax",
    note: `tax of ${gateway.url}`,
    hashes: {},
    versions: { tollgate: tollgateVersion() },
    agent: { name: "tax", version: "shipped conversations" },
    workload: { kind: "tax" },
    leftOut,
    usesTools: true,
  };
}

/** The experiment of a tax. Neither arm has a tap in front of the engine: a gateway that runs already has none. */
function members(
  { raw, gateway }: TaxOrder,
  given: { readonly probed: Probed; readonly plan: TaxPlan; readonly keyNames: TaxParts["keyNames"] },
): Readonly<Record<string, unknown>> {
  const { probed, plan, keyNames } = given;
  const engine = { url: raw.url, model: probed.model, ...(keyNames.raw && { apiKeyEnv: keyNames.raw }) };
  const used = new Set(plan.replay.arms.map(({ arm }) => arm));
  return {
    name: "tax",
    // The other role is not used: its place has to be filled.
    stack: { kind: "attach", agent: engine, user: engine },
    arms: [
      { kind: "raw", name: "raw", innerTap: false },
      {
        kind: "url",
        name: "gateway",
        url: gateway.url,
        ...(keyNames.gateway && { apiKeyEnv: keyNames.gateway }),
      },
      { kind: "null-proxy", name: "null-proxy", innerTap: false },
    ].filter(({ name }) => used.has(name)),
    agent: { kind: "chat" },
    workload: { kind: "echo" },
    // Failing is a finding here, and the rest of the time is short.
    limits: { failures: 0, callSeconds: 120, drainSeconds: 10 },
    output: { bodies: false },
  };
}

interface Measured {
  readonly order: TaxOrder;
  readonly probed: Probed;
  readonly plan: TaxPlan;
  readonly alterations: AlterationCheck;
  readonly directory: string;
  readonly kept: boolean;
  readonly since: () => number;
}

async function resultOf(measured: Measured): Promise<TaxResult> {
  const { order, probed, plan, alterations, directory, kept, since } = measured;
  const seconds = since();
  const replay = await rebuildReplay(directory);
  const run = await readRun(directory);
  const legs = await readLegs(run, plan.replay);
  const findings = taxFindings({ plan: plan.replay, legs, sizes: plan.sizes, limit: order.limit });
  const { refused } = probed;
  const tax: TaxResult["tax"] = {
    v: 1,
    kind: "tax",
    raw: order.raw.url,
    gateway: order.gateway.url,
    model: probed.model,
    simulated: replay.simulated,
    createdAt: replay.createdAt,
    machine: replay.machine,
    seconds,
    maxTokens: order.maxTokens,
    ...findings,
    ...judgeTax(replay, { alterations, refused, findings }),
    alterations,
    refused,
    notMeasured: [...probed.leftOut, ...plan.leftOut],
    directory: kept ? directory : null,
  };
  return { tax, replay };
}
