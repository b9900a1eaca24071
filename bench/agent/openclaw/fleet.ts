import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../errors.ts";
import { AgentProcessError } from "../agent.ts";

/**
 * Gateway processes for a number of concurrent sessions. One process is one event loop and carries about 12 sessions at
 * half its capacity; more processes than half the cores would fight each other.
 */
export function fleetSize(concurrency: number, cores: number): number {
  return Math.min(Math.ceil(concurrency / 12), Math.max(1, Math.floor(cores / 2))) || 1;
}

/** What a fleet consists of. */
export interface FleetMember extends AsyncDisposable {
  readonly name: string;
  /** Resolves when the process has ended for any reason, with its signal or exit code. */
  readonly exited: Promise<string>;
}

interface Slot<Member> {
  readonly index: number;
  process: Member | null;
  sessions: number;
  /** Sessions since the process started. */
  served: number;
  restarts: number;
  /** When the restarts of the last ten minutes were. */
  recentMs: readonly number[];
}

/**
 * How often a slot's process is started again: a chance death of a long run is mended every time, a process that cannot
 * live here is given up soon.
 */
const restartsMax = 3;
const restartWindowMs = 10 * 60_000;

export interface FleetOptions<Member> {
  readonly size: number;
  readonly staggerMs: number;
  readonly start: (index: number) => Promise<Member>;
  readonly signal: AbortSignal;
  /** Of a clock that only goes forward. */
  readonly nowMs: () => number;
  readonly progress: (line: string) => void;
}

/** One gateway, lent to one session. */
export interface Lease<Member> {
  readonly gateway: Member;
  readonly release: () => void;
}

/** N gateway processes; sessions go to the one with the fewest. A process that dies is restarted. */
export class Fleet<Member extends FleetMember> implements AsyncDisposable {
  readonly died: Promise<never>;
  readonly #options: FleetOptions<Member>;
  readonly #slots: readonly Slot<Member>[];
  readonly #fail: (error: AgentProcessError) => void;
  readonly #restarting = new Set<Promise<void>>();
  /** Processes that were ended on purpose: their end is no death. */
  readonly #retired = new WeakSet<Member>();
  #closing = false;

  private constructor(options: FleetOptions<Member>) {
    this.#options = options;
    this.#slots = Array.from({ length: options.size }, (_, index) => ({
      index,
      process: null,
      sessions: 0,
      served: 0,
      restarts: 0,
      recentMs: [],
    }));
    const { promise, reject } = Promise.withResolvers<never>();
    this.died = promise;
    this.#fail = reject;
    // Not everybody waits for this promise; without a handler its rejection would end the process.
    promise.catch(() => undefined);
  }

  /** Starts all processes, a moment apart so that they do not load the same code at once. */
  static async start<Member extends FleetMember>(options: FleetOptions<Member>): Promise<Fleet<Member>> {
    const fleet = new Fleet(options);
    const starts = fleet.#slots.map(async (slot) => {
      await sleep(slot.index * options.staggerMs, undefined, { signal: options.signal });
      await fleet.#fill(slot);
    });
    const results = await Promise.allSettled(starts);
    const failed = results.find((result) => result.status === "rejected");
    if (failed === undefined) return fleet;
    await fleet[Symbol.asyncDispose]();
    throw failed.reason;
  }

  get processes(): readonly Member[] {
    return this.#slots.flatMap(({ process }) => (process === null ? [] : [process]));
  }

  /** Processes that died and were started again. */
  get restarts(): number {
    return this.#slots.reduce((sum, { restarts }) => sum + restarts, 0);
  }

  /** The gateway with the fewest sessions; waits for a restart when none is up. Rejects with `AgentProcessError`. */
  async lease(): Promise<Lease<Member>> {
    while (this.processes.length === 0 && this.#restarting.size > 0) await Promise.race(this.#restarting);
    const [slot] = this.#slots
      .filter(({ process }) => process !== null)
      .toSorted((a, b) => a.sessions - b.sessions || a.index - b.index);
    if (slot?.process == null)
      throw new AgentProcessError("no OpenClaw gateway process is left; see its log");
    slot.sessions += 1;
    slot.served += 1;
    let held = true;
    const release = (): void => {
      if (held) slot.sessions -= 1;
      held = false;
    };
    return { gateway: slot.process, release };
  }

  /**
   * Starts idle processes anew that have served more than `servedMax` sessions, because a process keeps something of each.
   * Call between cells. Returns how many were renewed; rejects when one does not come up again.
   */
  async renew(servedMax: number): Promise<number> {
    const worn = this.#slots.filter(({ sessions, served }) => sessions === 0 && served > servedMax);
    await Promise.all(
      worn.map(async (slot) => {
        const old = slot.process;
        if (old === null) return;
        this.#retired.add(old);
        slot.process = null;
        await old[Symbol.asyncDispose]();
        await this.#fill(slot);
      }),
    );
    return worn.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#restarting);
    const ends = await Promise.allSettled(
      this.processes.map(async (process) => process[Symbol.asyncDispose]()),
    );
    const failed = ends.find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async #fill(slot: Slot<Member>): Promise<void> {
    const started = await this.#options.start(slot.index);
    slot.process = started;
    slot.served = 0;
    void started.exited.then(async (how) => this.#replace(slot, started, how));
  }

  async #replace(slot: Slot<Member>, dead: Member, how: string): Promise<void> {
    if (this.#closing || this.#retired.has(dead)) return;
    slot.process = null;
    this.#options.progress(`OpenClaw gateway ${dead.name} died (${how})`);
    const restart = this.#restart(slot, dead);
    this.#restarting.add(restart);
    await restart;
    this.#restarting.delete(restart);
    if (this.processes.length > 0 || this.#restarting.size > 0) return;
    this.#fail(new AgentProcessError(`the last OpenClaw gateway process, ${dead.name}, died: ${how}`));
  }

  async #restart(slot: Slot<Member>, dead: Member): Promise<void> {
    const { nowMs, progress } = this.#options;
    try {
      await dead[Symbol.asyncDispose]();
    } catch (error) {
      progress(`What OpenClaw gateway ${dead.name} left could not be cleared away: ${messageOf(error)}`);
    }
    if (this.#closing) return;
    const now = nowMs();
    slot.recentMs = slot.recentMs.filter((atMs) => now - atMs < restartWindowMs);
    if (slot.recentMs.length >= restartsMax) {
      progress(
        `OpenClaw gateway ${dead.name} is not restarted: that was done ${restartsMax} times within ` +
          `${restartWindowMs / 60_000} minutes; see its log`,
      );
      return;
    }
    slot.recentMs = [...slot.recentMs, now];
    slot.restarts += 1;
    try {
      await this.#fill(slot);
    } catch (error) {
      progress(`OpenClaw gateway ${dead.name} could not be restarted: ${messageOf(error)}`);
    }
  }
}
