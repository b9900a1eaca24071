import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sections } from "../../bench/commands/parts.ts";
import { loadExperiment } from "../../bench/config/load-experiment.ts";
import { systemClock } from "../../bench/measure/clock.ts";
import { Prober } from "../../bench/preflight/prober.ts";
import { runChecks } from "../../bench/preflight/run-checks.ts";
import { describeEngine } from "../../bench/stack/engine.ts";
import type { Gpu } from "../../bench/host/gpus.ts";
import type { ArmSession, RunningArm, RunningStack } from "../../bench/stack/stack.ts";
import type { PreflightRecord } from "../../bench/store/preflight-record.ts";
import { startTap, type TapClient } from "../../bench/tap/client.ts";
import { startEngine, type EngineProcess } from "../simulator/engine-process.ts";
import { StandInGateway, type GatewayHabits } from "./stand-in-gateway.ts";

export interface ArmPlan extends GatewayHabits {
  readonly name: string;
  /** In front of another engine than the experiment's. */
  readonly elsewhere?: boolean;
  /** Its upstream is not ours to set. */
  readonly untapped?: boolean;
  readonly openSession?: () => Promise<ArmSession>;
}

export interface RigOptions {
  /** Arguments of the simulated agent engine. */
  readonly agent?: readonly string[];
  readonly gpus?: readonly Gpu[] | null;
  readonly skipped?: readonly string[];
  readonly episodes?: number;
  readonly outputDirectory?: string;
}

/** Slow enough that streaming can be told from buffering. */
const pace = ["--decode-step-ms", "5"];

/** Runs every check on real engines, a real tap and stand-in gateways. What it started has ended when it returns. */
export async function checked(arms: readonly ArmPlan[], options: RigOptions = {}): Promise<PreflightRecord> {
  await using stoppable = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "tollgate-preflight-test-"));
  stoppable.defer(() => rmSync(folder, { recursive: true }));
  const started = await Promise.all([
    startEngine([...pace, ...(options.agent ?? [])]),
    startEngine(pace, "user"),
  ]);
  const [agent, user] = started.map((engine) => stoppable.use(engine)) as [EngineProcess, EngineProcess];
  const tap = stoppable.use(
    await startTap({ environment: { PATH: process.env["PATH"] ?? "" }, logFile: join(folder, "tap.log") }),
  );
  const signal = new AbortController().signal;
  const address = { model: undefined, apiKey: "none", metricsUrl: undefined };
  const running: RunningArm[] = [];
  for (const plan of arms)
    running.push(await startArm(plan, { tap, stoppable, engine: plan.elsewhere ? user.url : agent.url }));
  const stack: RunningStack = {
    kind: "attach",
    agentEngine: await describeEngine({ role: "agent", url: agent.url, ...address }, signal),
    userEngine: await describeEngine({ role: "user", url: user.url, ...address }, signal),
    arms: running,
    failedArms: [],
    userBaseUrl: `${user.url}/v1`,
    tap,
    death: () => null,
    revive: null,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const deadlineMs = 2_000;
  return await runChecks(
    {
      experiment: loadExperiment("experiments/laptop.yaml", {
        sections,
        environment: {},
        workingDirectory: process.cwd(),
      }).experiment,
      stack,
      prober: new Prober({
        stack,
        clock: systemClock,
        deadlineMs,
        signal,
        evidenceDirectory: folder,
        nonce: "test",
      }),
      longestPrompt: { system: "Be helpful. ".repeat(100), toolsJson: "[]" },
      usesTools: true,
      clock: systemClock,
      deadlineMs,
      signal,
      output: { directory: options.outputDirectory ?? folder, episodes: options.episodes ?? 10 },
      gpus: () => Promise.resolve(options.gpus ?? null),
    },
    new Set(options.skipped),
  );
}

interface ArmPlace {
  readonly tap: TapClient;
  readonly stoppable: AsyncDisposableStack;
  readonly engine: string;
}

async function startArm(plan: ArmPlan, { tap, stoppable, engine }: ArmPlace): Promise<RunningArm> {
  const { name, untapped = false } = plan;
  const inner = untapped
    ? engine
    : await tap.listen({ name: `inner:${name}`, hop: "inner", arm: name, upstream: engine });
  const gateway = stoppable.use(await StandInGateway.start(inner, plan));
  const outer = await tap.listen({ name: `outer:${name}`, hop: "outer", arm: name, upstream: gateway.url });
  return {
    spec: { kind: "url", name, url: gateway.url },
    baseUrl: `${outer}/v1`,
    innerTapped: !untapped,
    metricsUrl: null,
    openSession: plan.openSession ?? (() => Promise.resolve(session({ startMs: null }))),
  };
}

/** A session that a test decides the end of. */
export function session(end: {
  readonly startMs: number | null;
  readonly interactions?: number | null;
}): ArmSession {
  const { startMs, interactions = null } = end;
  return {
    apiKey: "none",
    startMs,
    close: (reward) =>
      Promise.resolve({
        rewardMs: reward === null || startMs === null ? null : 1,
        exportMs: 1,
        interactions: reward === null ? null : interactions,
        recorded: null,
      }),
  };
}

/** `check on` -> status, for those that are not ok. */
export function notOk({ checks }: PreflightRecord): Record<string, string> {
  return Object.fromEntries(
    checks.flatMap(({ name, findings }) =>
      findings
        .filter(({ status }) => status !== "ok")
        .map(({ on, status, what, change }) => [
          `${name}: ${on}`,
          `${status}: ${what}${change === null ? "" : ` -> ${change}`}`,
        ]),
    ),
  );
}
