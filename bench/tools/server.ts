import { randomBytes as cryptoRandomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Tinypool } from "tinypool";
import { StartError } from "../errors.ts";
import { compileCacheVariable, ownModule } from "../own-files.ts";
import type { EpisodeLimits } from "./episode-limits.ts";
import { ToolOperationError, ToolWorkerDiedError } from "./tool-server-error.ts";
import { defaultMaxFrameBytes } from "./framing.ts";
import { OpenEpisode } from "./open-episode.ts";
import { issueToken, type RandomBytes } from "./token.ts";
import type { ToolTypes } from "./tool-module.ts";
import type { OpenParameters, SessionRecord } from "./worker-messages.ts";
import { WorkerSlot } from "./worker-slot.ts";
import type { WatchSettings, WorkerEvent } from "./worker-thread.ts";

export type { OpenEpisode } from "./open-episode.ts";

export interface ToolServerOptions<Types extends ToolTypes = ToolTypes> {
  /** URL of a `ToolModule`. */
  readonly module: URL;
  /** Worker threads, each with a socket of its own. */
  readonly workers?: number;
  /** Folder of the unix sockets; they are gone when the server is disposed. */
  readonly scratchDirectory: string;
  /** `tcp` listens on 127.0.0.1 instead, for agents that cannot see the folder. */
  readonly transport?: "unix" | "tcp";
  /** What every worker loads before the server counts as started. */
  readonly preload?: readonly Types["settings"][];
  readonly maxFrameBytes?: number;
  /** Heap limit of a worker, in MiB. */
  readonly workerHeapMb?: number;
  readonly watch?: Partial<WatchSettings>;
  readonly randomBytes?: RandomBytes;
  readonly nowNs?: () => number;
}

export interface EpisodeRequest<Types extends ToolTypes = ToolTypes> {
  readonly episodeId: string;
  /** Key of the agent's session; what `session` is asked for. */
  readonly attemptKey: string;
  readonly settings: Types["settings"];
  readonly taskId: string;
  readonly attempt?: Types["attempt"];
  readonly limits: EpisodeLimits;
  readonly session: SessionFacts;
}

/** What the agent process learns about its model, beside the tools. */
export interface SessionFacts extends Pick<SessionRecord, "baseUrl" | "headers" | "sampling" | "prompt"> {
  readonly greeting: string | null;
  /** System message of the agent; the task's policy when absent. */
  readonly system?: string;
}

/** Tool calls of many episodes, executed in a few worker threads behind sockets. */
export interface ToolServer<Types extends ToolTypes = ToolTypes> extends AsyncDisposable {
  /** Bearer of `hello` and `session`. */
  readonly fleetToken: string;
  readonly sockets: readonly string[];
  /**
   * Creates the environment of an attempt in the worker with the fewest episodes, and makes its session known to all.
   * @throws ToolOperationError when the tools or the task cannot be loaded, ToolWorkerDiedError when the worker died meanwhile.
   */
  openEpisode(request: EpisodeRequest<Types>): Promise<OpenEpisode<Types>>;
}

const defaultWatch: WatchSettings = { heartbeatMs: 500, stuckAfterMs: 30_000, startTimeoutMs: 60_000 };
const stopGraceMs = 2_000;
/**
 * A thread that is out of memory gets 16 MiB of slack from Node to die in. With a larger young generation one collection
 * can outgrow that, and then V8 aborts the whole process (seen in 5 of 12 runs with the default, in none with 16 MiB). With 4 MiB airline
 * takes as much processor time and 15 MB less: what is loaded stays, and what a call makes is small.
 */
const maxYoungGenerationSizeMb = 4;

/** Starts the worker threads and waits until each listens. @throws StartError */
export async function startToolServer<Types extends ToolTypes>(
  options: ToolServerOptions<Types>,
): Promise<ToolServer<Types>> {
  const server = new ThreadedToolServer<Types>(options);
  try {
    await server.ready();
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}

interface Seat<Types extends ToolTypes> {
  readonly slot: WorkerSlot;
  readonly episode: OpenEpisode<Types>;
}

class ThreadedToolServer<Types extends ToolTypes> implements ToolServer<Types> {
  readonly fleetToken: string;
  readonly #options: ToolServerOptions<Types>;
  readonly #pool: Tinypool;
  readonly #slots: readonly WorkerSlot[];
  readonly #randomBytes: RandomBytes;
  readonly #sessions = new Map<string, SessionRecord>();
  readonly #seats = new Map<string, Seat<Types>>();
  /** Attempts that are being opened count for the choice of a worker. */
  readonly #opening = new Map<string, WorkerSlot>();
  readonly #episodeIds = new Map<number, string>();
  #nextOrdinal = 1;

  constructor(options: ToolServerOptions<Types>) {
    const workers = options.workers ?? 2;
    this.#options = options;
    this.#randomBytes = options.randomBytes ?? cryptoRandomBytes;
    this.fleetToken = issueToken(this.#randomBytes);
    this.#pool = new Tinypool({
      filename: ownModule(new URL("./worker.ts", import.meta.url)).href,
      minThreads: workers,
      maxThreads: workers,
      isolateWorkers: false,
      // Nothing else of this process's environment: what tools need to know is in their settings.
      env: compileCacheVariable(),
      resourceLimits: {
        maxOldGenerationSizeMb: options.workerHeapMb ?? 1024,
        maxYoungGenerationSizeMb,
      },
    });
    this.#slots = Array.from({ length: workers }, (_, worker) => this.#createSlot(worker));
  }

  get sockets(): readonly string[] {
    return this.#slots.map((slot) => slot.socket);
  }

  async ready(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.ready()));
  }

  async openEpisode(request: EpisodeRequest<Types>): Promise<OpenEpisode<Types>> {
    const { attemptKey } = request;
    if (this.#seats.has(attemptKey) || this.#opening.has(attemptKey)) {
      throw new ToolOperationError(`Attempt ${attemptKey}`, {
        kind: "duplicate",
        message: "it is already open",
      });
    }
    const slot = this.#leastLoadedSlot();
    this.#opening.set(attemptKey, slot);
    try {
      await slot.ready();
      const parameters = this.#parametersOf(request);
      const opened = await slot.do("open", parameters);
      const episode = new OpenEpisode<Types>({
        slot,
        parameters,
        opened,
        unregister: () => this.#close(attemptKey),
      });
      this.#seats.set(attemptKey, { slot, episode });
      await this.#register(request, episode);
      return episode;
    } finally {
      this.#opening.delete(attemptKey);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.stop(stopGraceMs)));
    await this.#pool.destroy();
    for (const seat of this.#seats.values()) {
      seat.episode.lose(
        new ToolOperationError("The tool server", { kind: "stopped", message: "it was closed" }),
      );
    }
    if (this.#options.transport === "tcp") return;
    await Promise.all(this.sockets.map((socket) => rm(socket, { force: true })));
  }

  #createSlot(worker: number): WorkerSlot {
    const { maxFrameBytes, module, preload, scratchDirectory, transport, watch } = this.#options;
    return new WorkerSlot({
      pool: this.#pool,
      task: {
        worker,
        socket: transport === "tcp" ? "127.0.0.1:0" : join(scratchDirectory, `tools-${worker}.sock`),
        fleetToken: this.fleetToken,
        maxFrameBytes: maxFrameBytes ?? defaultMaxFrameBytes,
        module: module.href,
        preload: preload ?? [],
      },
      watch: { ...defaultWatch, ...watch },
      nowNs: this.#options.nowNs ?? (() => Number(process.hrtime.bigint())),
      sessions: () => [...this.#sessions.values()],
      episodeOf: (ordinal) => this.#episodeIds.get(ordinal) ?? null,
      onEvent: (event) => this.#seats.get(attemptKeyOf(event))?.episode.hear(event),
      onDeath: (death) => this.#endEpisodesOf(worker, death),
    });
  }

  #leastLoadedSlot(): WorkerSlot {
    const load = new Map(this.#slots.filter((slot) => slot.usable).map((slot) => [slot, 0]));
    const taken = [...[...this.#seats.values()].map((seat) => seat.slot), ...this.#opening.values()];
    for (const slot of taken) load.set(slot, (load.get(slot) ?? Number.POSITIVE_INFINITY) + 1);
    const [least] = [...load].sort(([, a], [, b]) => a - b);
    if (least === undefined) {
      throw new StartError("tool server", "No tool worker is left: each of them failed to start again.");
    }
    return least[0];
  }

  #parametersOf(request: EpisodeRequest<Types>): OpenParameters {
    const { session: _session, ...parameters } = request;
    const ordinal = this.#nextOrdinal++;
    this.#episodeIds.set(ordinal, request.episodeId);
    const [agentToken, userToken] = [issueToken(this.#randomBytes), issueToken(this.#randomBytes)];
    return { ...parameters, agentToken, userToken, ordinal };
  }

  async #register(request: EpisodeRequest<Types>, episode: OpenEpisode<Types>): Promise<void> {
    const { system, ...facts } = request.session;
    const session: SessionRecord = {
      ...facts,
      episodeId: request.episodeId,
      attemptKey: request.attemptKey,
      token: episode.token,
      socket: episode.socket,
      policy: system ?? episode.opened.policy,
      tools: episode.opened.agentToolsJson,
    };
    this.#sessions.set(request.attemptKey, session);
    await this.#broadcast((slot) => slot.do("register", session));
    episode.lost.throwIfAborted();
  }

  async #close(attemptKey: string): Promise<void> {
    const seat = this.#seats.get(attemptKey);
    this.#seats.delete(attemptKey);
    this.#sessions.delete(attemptKey);
    if (seat === undefined) return;
    seat.slot.drain();
    await this.#broadcast((slot) => slot.do("unregister", { attemptKey }));
    await this.#broadcast((slot) =>
      slot === seat.slot ? slot.do("close", { attemptKey }) : Promise.resolve(null),
    );
  }

  /** A worker that dies meanwhile needs nothing: its successor starts with the current sessions and no episodes. */
  async #broadcast(send: (slot: WorkerSlot) => Promise<null>): Promise<void> {
    const sent = this.#slots.map(async (slot) => {
      try {
        await send(slot);
      } catch (error) {
        if (!(error instanceof ToolWorkerDiedError)) throw error;
      }
    });
    await Promise.all(sent);
  }

  #endEpisodesOf(worker: number, death: ToolWorkerDiedError): void {
    for (const [attemptKey, seat] of this.#seats) {
      if (seat.slot !== this.#slots[worker]) continue;
      this.#seats.delete(attemptKey);
      this.#sessions.delete(attemptKey);
      seat.episode.lose(death);
    }
  }
}

function attemptKeyOf(event: WorkerEvent): string {
  return event.type === "called" ? event.line.attemptKey : event.attemptKey;
}
