import { join } from "node:path";
import { z } from "zod";
import type { LoadThread } from "../load/load-thread.ts";
import { makeRealTime, realTimeFlags, schedulingText } from "../measure/real-time.ts";
import type { ProcessorTime } from "../measure/stolen-time.ts";
import { ownProgram } from "../own-files.ts";
import { spawnManaged, type ManagedProcess } from "../supervisor/managed-process.ts";
import { delayLogSchema, type HeldRequest } from "./delay-log.ts";
import type { DelayPlan } from "./delay-shape.ts";

/** What sends load: the product's timing thread, or in tests one with a fault. */
export type Sender = Pick<LoadThread, "run">;

/** Where the self-test starts its processes and what sends its load. */
export interface SelftestStack {
  /** Whole environment of the processes that are started. */
  readonly environment: Readonly<Record<string, string>>;
  /** An existing folder for their logs. */
  readonly directory: string;
  readonly sender: Sender;
  /** The machine's account of its processors. */
  readonly processors: () => ProcessorTime | null;
  /** Waited before something disturbed is measured again. */
  readonly pauseMs: number;
  /** Told what is being measured, a line each. */
  readonly announce: (line: string) => void;
  /** Filled with what the kernel granted each process that was started, in words. */
  readonly scheduling: Map<string, string>;
  readonly keeper?: { watch(pid: number): void; unwatch(pid: number): void };
  readonly signal?: AbortSignal;
}

export interface EngineSpeed {
  readonly decodeStepMs: number;
}

/**
 * Starts a simulated engine that is fast, batches as many requests as come, and remembers no prefixes, so that every
 * request costs it the same.
 */
export async function startEngine(
  stack: SelftestStack,
  { decodeStepMs }: EngineSpeed,
): Promise<ManagedProcess<{ url: string }>> {
  const flags = {
    role: "agent",
    port: 0,
    "decode-step-ms": decodeStepMs,
    "decode-step-ms-per-request": 0,
    "max-running-requests": 4096,
    "prefill-tokens-per-second": 1_000_000,
  };
  return startInstrument(stack, "simulated engine", [
    ownProgram(new URL("../simulator/program.ts", import.meta.url)),
    ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]),
    "--no-radix-cache",
  ]);
}

/** A delay gateway in a process of its own. */
export interface DelayGatewayProcess extends AsyncDisposable {
  /** Base URL of the way without delay. */
  readonly nullUrl: string;
  readonly delayedUrl: string;
  /** What it really did. Ask when the measurement is over. */
  truth(): Promise<DelayTruth>;
}

export interface DelayTruth {
  /** In words. */
  readonly plan: string;
  readonly byRequest: ReadonlyMap<string, HeldRequest>;
}

export async function startDelayGateway(
  stack: SelftestStack,
  /** Without a plan the process draws one from the seed. */
  options: { readonly upstream: string; readonly seed: number; readonly plan: DelayPlan | null },
): Promise<DelayGatewayProcess> {
  const managed = await startInstrument(stack, "delay gateway", [
    ownProgram(new URL("./delay-gateway-program.ts", import.meta.url)),
    JSON.stringify(options),
  ]);
  const { url } = managed.ready;
  return {
    nullUrl: `${url}/null`,
    delayedUrl: `${url}/delayed`,
    truth: async () => {
      const response = await fetch(`${url}/delay-log`);
      const { plan, held } = delayLogSchema.parse(await response.json());
      return { plan, byRequest: new Map(held.map((request) => [request.requestId, request])) };
    },
    [Symbol.asyncDispose]: () => managed[Symbol.asyncDispose](),
  };
}

/**
 * Engine and delay gateway are what Tollgate is held against: their stamps must be as good as the machine allows, so they
 * run ahead of everything else where the kernel permits.
 */
async function startInstrument(
  stack: SelftestStack,
  name: string,
  args: readonly string[],
): Promise<ManagedProcess<{ url: string }>> {
  const { environment, directory, keeper, signal } = stack;
  const managed = await spawnManaged(process.execPath, {
    name,
    args: [...realTimeFlags, ...args],
    environment,
    logFile: join(directory, `${name.replaceAll(" ", "-")}.log`),
    readySchema: z.object({ url: z.string() }),
    startTimeoutMs: 30_000,
    ...(keeper && { keeper }),
    ...(signal && { signal }),
  });
  stack.scheduling.set(name, schedulingText(await makeRealTime(managed.pid, environment)));
  return managed;
}
