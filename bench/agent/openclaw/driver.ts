import path from "node:path";
import type { AgentDriver, AgentSession, AgentSessionRequest, AgentTurn } from "../agent.ts";
import { pressureReplySchema } from "./frames.ts";
import { messageOf, StartError } from "../../errors.ts";
import { freePort } from "../../host/free-port.ts";
import { Fleet } from "./fleet.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { findOpenClaw, pinnedVersion } from "./installation.ts";
import { writePlugin } from "./plugin-package.ts";
import { OpenClawSession } from "./session.ts";
import { GatewayConnectionLost } from "./websocket-client.ts";

export interface OpenClawOptions {
  /** Gateway processes to start; see `fleetSize`. */
  readonly gateways: number;
  /** Folder for state, sockets and the generated plugin; emptied on dispose. */
  readonly scratchDirectory: string;
  readonly logDirectory: string;
  /** Survives the run: compiled code of OpenClaw. */
  readonly cacheDirectory: string;
  /** The whole environment of the processes, beside what OpenClaw needs; carries PATH and TOLLGATE_RUN. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** Token for `session` frames; also guards the gateways' own WebSocket. */
  readonly fleetToken: string;
  readonly toolSockets: readonly string[];
  /** Union of the tool names of all sessions. */
  readonly toolNames: readonly string[];
  /** OpenClaw's own tools that sessions may use in their workspaces. */
  readonly ownTools: readonly string[];
  readonly model: string;
  /** Tokens. */
  readonly contextWindow: number;
  /** Tokens. */
  readonly maxTokens: number;
  readonly turnTimeoutMs: number;
  /** Sessions in flight over all gateways. */
  readonly maxConcurrent: number;
  readonly startTimeoutMs: number;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
  readonly phase?: (text: string) => void;
}

export interface OpenClawDriver extends AgentDriver {
  /** Gateway processes that died and were started again so far. */
  readonly restarts: number;
  /** Process ids of the gateways that are up. */
  readonly pids: readonly number[];
  readonly warmUp: NonNullable<AgentDriver["warmUp"]>;
}

/** Starts real OpenClaw gateways. Throws `StartError` when one does not come up; nothing is left running then. */
export async function startOpenClaw(options: OpenClawOptions): Promise<OpenClawDriver> {
  const installation = findOpenClaw();
  const pluginDirectory = path.join(options.scratchDirectory, "plugin");
  const { fleetToken, toolSockets, toolNames, ownTools } = options;
  const { browserModule } = installation;
  await writePlugin(pluginDirectory, { fleetToken, toolSockets, toolNames, ownTools, browserModule });
  const fleet = await Fleet.start({
    size: options.gateways,
    staggerMs: 500,
    signal: options.signal,
    nowMs: () => performance.now(),
    progress: options.progress,
    start: async (index) => {
      options.phase?.(`starting openclaw-${index} (${index + 1} of ${options.gateways})`);
      const gateway = await GatewayProcess.start({
        name: `openclaw-${index}`,
        entry: installation.entry,
        directory: path.join(options.scratchDirectory, `oc${index}`),
        logFile: path.join(options.logDirectory, `openclaw-${index}.log`),
        cacheDirectory: options.cacheDirectory,
        environment: options.childEnvironment,
        config: {
          // One for each process: a client that meets another gateway at its port is refused and does not take it for its own.
          token: `${fleetToken}-${index}`,
          pluginDirectory,
          toolNames,
          ownTools,
          model: options.model,
          contextWindow: options.contextWindow,
          maxTokens: options.maxTokens,
          maxConcurrent: options.maxConcurrent,
          turnTimeoutMs: options.turnTimeoutMs,
        },
        startTimeoutMs: options.startTimeoutMs,
        stopTimeoutMs: 8000,
        nextPort: freePort,
        signal: options.signal,
      });
      if (ownTools.includes("browser")) await loadBrowser(gateway, options);
      return gateway;
    },
  });
  return new FleetDriver(fleet);
}

/** OpenClaw's browser control costs seconds to load, for which no session need wait. */
async function loadBrowser(
  gateway: GatewayProcess,
  { startTimeoutMs: timeoutMs, phase }: Pick<OpenClawOptions, "startTimeoutMs" | "phase">,
): Promise<void> {
  phase?.(`loading the browser control of ${gateway.name}`);
  try {
    await gateway.client.request("tollgate.load", {}, { timeoutMs });
  } catch (cause) {
    await gateway[Symbol.asyncDispose]();
    throw new StartError(
      gateway.name,
      `OpenClaw's browser control cannot be loaded, which tasks of this run ask for: ${messageOf(cause)}. Its version may not be ${pinnedVersion}; without such tasks it is not needed.`,
      { cause },
    );
  }
}

/** Some 3 MB of heap stay behind with every session: 300 of them are half of what a process may have. */
const sessionsPerProcessMax = 300;

class FleetDriver implements OpenClawDriver {
  readonly #fleet: Fleet<GatewayProcess>;
  #warmUps = 0;

  constructor(fleet: Fleet<GatewayProcess>) {
    this.#fleet = fleet;
  }

  get restarts(): number {
    return this.#fleet.restarts;
  }

  get pids(): readonly number[] {
    return this.#fleet.processes.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  async renew(): Promise<boolean> {
    return (await this.#fleet.renew(sessionsPerProcessMax)) > 0;
  }

  async openSession(request: AgentSessionRequest): Promise<AgentSession> {
    for (;;) {
      const { gateway, release } = await this.#fleet.lease();
      try {
        return await OpenClawSession.open(gateway, request, release);
      } catch (error) {
        release();
        // The process died a moment ago: another one takes the session, or the lease says that none is left.
        if (!(error instanceof GatewayConnectionLost)) throw error;
        await gateway.exited;
      }
    }
  }

  async eventLoopLoad(): ReturnType<AgentDriver["eventLoopLoad"]> {
    return await Promise.all(
      this.#fleet.processes.map(async ({ name, client }) => {
        const reply = await client.request("tollgate.pressure", {}, { timeoutMs: 5000 }).catch(() => null);
        const parsed = pressureReplySchema.safeParse(reply);
        return { process: name, eventLoopUtilization: parsed.success ? parsed.data.utilization : null };
      }),
    );
  }

  async warmUp(
    register: (attemptKey: string) => Promise<AgentSessionRequest>,
    signal: AbortSignal,
  ): Promise<readonly AgentTurn[]> {
    return await Promise.all(
      this.#fleet.processes.map(async (gateway) => {
        // OpenClaw answers a run id that it has seen before from memory.
        this.#warmUps += 1;
        const request = await register(`warm-up-${this.#warmUps}`);
        await using session = await OpenClawSession.open(gateway, request, () => undefined);
        return await session.turn("Hello.", signal);
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#fleet[Symbol.asyncDispose]();
  }
}
