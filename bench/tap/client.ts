import { z } from "zod";
import { TollgateError } from "../errors.ts";
import { makeRealTime, realTimeFlags, type Scheduling } from "../measure/real-time.ts";
import { compileCacheVariable, ownProgram } from "../own-files.ts";
import { spawnManaged, type ManagedProcess } from "../supervisor/managed-process.ts";
import type { Exchange } from "../workload/exchange.ts";
import { applyDelta } from "./body-delta.ts";
import { withInner } from "./match-inner.ts";
import type {
  SegmentReport,
  TakenExchange,
  TapCommand,
  TapEvent,
  TapListenerSpec,
  TapReply,
} from "./control.ts";

/** The tap refused a command or is gone. Exchanges that it held are lost. */
export class TapError extends TollgateError {
  readonly code = "TOLLGATE_TAP";
}

export interface TapOptions {
  /** Whole environment of the tap process; carries TOLLGATE_RUN. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly startTimeoutMs?: number;
  readonly keeper?: { watch(pid: number): void; unwatch(pid: number): void };
  readonly signal?: AbortSignal;
  /** Told when a file of the open segment can no longer be written. Measuring goes on; its report says so again. */
  readonly onEvidenceFailure?: (message: string) => void;
}

/** The driver's side of the tap process. All methods reject with TapError when the tap refuses or is gone. */
export interface TapClient extends AsyncDisposable {
  readonly pid: number;
  readonly scheduling: Scheduling;
  /** Settles when the tap ends although nobody asked it to. */
  readonly died: Promise<TapError>;
  /** Opens a listener on loopback and returns its origin, without trailing slash. */
  listen(spec: TapListenerSpec): Promise<string>;
  /** From now on exchanges go to `taps.ndjson` (and `bodies.ndjson`) in this directory, which is created. */
  openSegment(directory: string, bodies: boolean): Promise<void>;
  /** Ends and compresses the segment's files. Call when nothing is in flight. */
  closeSegment(): Promise<SegmentReport>;
  /**
   * Outer exchanges of one attempt since the last take, in order of start, with what the inner tap saw of them; waits up to
   * `waitMs` for open ones to end.
   */
  take(attemptKey: string, waitMs: number): Promise<readonly Exchange[]>;
}

/** Collected seldom: what passes is garbage a moment later, and a collection costs what is still on its way then. */
const garbageFlags = ["--min-semi-space-size=32", "--max-semi-space-size=32", ...realTimeFlags];

/**
 * Starts the tap in a process of its own.
 * @throws {StartError} when it does not start
 */
export async function startTap(options: TapOptions): Promise<TapClient> {
  const managed = await spawnManaged(process.execPath, {
    name: "tap",
    args: [...garbageFlags, ownProgram(new URL("./program.ts", import.meta.url))],
    environment: { ...options.environment, ...compileCacheVariable() },
    logFile: options.logFile,
    readySchema: z.object({ pid: z.number() }),
    startTimeoutMs: options.startTimeoutMs ?? 30_000,
    ipc: true,
    ...(options.keeper === undefined ? {} : { keeper: options.keeper }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const scheduling = await makeRealTime(managed.pid, options.environment);
  return new TapProcess(managed, { scheduling, onEvidenceFailure: options.onEvidenceFailure });
}

type Sent = TapCommand extends infer Command
  ? Command extends TapCommand
    ? Omit<Command, "id">
    : never
  : never;
type Accepted = Extract<TapReply, { ok: true }>;

class TapProcess implements TapClient {
  readonly pid: number;
  readonly scheduling: Scheduling;
  readonly died: Promise<TapError>;
  readonly #managed: ManagedProcess<unknown>;
  readonly #pending = new Map<
    number,
    { resolve: (reply: Accepted) => void; reject: (error: TapError) => void }
  >();
  #nextId = 1;
  #leaving = false;
  #gone: TapError | null = null;

  constructor(
    managed: ManagedProcess<unknown>,
    { scheduling, onEvidenceFailure }: { scheduling: Scheduling } & Pick<TapOptions, "onEvidenceFailure">,
  ) {
    this.pid = managed.pid;
    this.scheduling = scheduling;
    this.#managed = managed;
    managed.child.on("message", (message: TapReply | TapEvent) => {
      if ("event" in message) onEvidenceFailure?.(message.message);
      else this.#settle(message);
    });
    this.died = new Promise((resolve) => {
      void managed.exited.then(({ code, signal }) => {
        const error = new TapError(
          `The tap process ${managed.pid} ended (exit code ${code ?? "none"}, signal ${signal ?? "none"}). ${managed.lastLogLines(5)}`,
        );
        this.#gone = error;
        for (const { reject } of this.#pending.values()) reject(error);
        this.#pending.clear();
        if (!this.#leaving) resolve(error);
      });
    });
  }

  async listen(listener: TapListenerSpec): Promise<string> {
    const { url } = await this.#ask({ op: "listen", listener });
    return required(url);
  }

  async openSegment(directory: string, bodies: boolean): Promise<void> {
    await this.#ask({ op: "open-segment", directory, bodies });
  }

  async closeSegment(): Promise<SegmentReport> {
    const { segment } = await this.#ask({ op: "close-segment" });
    return required(segment);
  }

  async take(attemptKey: string, waitMs: number): Promise<readonly Exchange[]> {
    const { taken } = await this.#ask({ op: "take", attemptKey, waitMs });
    const { exchanges, inner } = required(taken);
    return withInner(
      withBodies(exchanges).toSorted((a, b) => a.startedNs - b.startedNs),
      inner,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leaving = true;
    // The tap ends by itself when the channel closes, after it has written what it holds.
    if (this.#managed.child.connected) this.#managed.child.disconnect();
    await Promise.race([this.#managed.exited, new Promise((resolve) => setTimeout(resolve, 3_000).unref())]);
    await this.#managed.stop();
  }

  #ask(command: Sent): Promise<Accepted> {
    const id = (this.#nextId += 1);
    return new Promise((resolve, reject) => {
      if (this.#gone !== null) return reject(this.#gone);
      this.#pending.set(id, { resolve, reject });
      this.#managed.child.send({ ...command, id }, (cause) => {
        if (cause === null || !this.#pending.delete(id)) return;
        reject(new TapError(`The tap cannot be told to ${command.op}: ${cause.message}`, { cause }));
      });
    });
  }

  #settle(reply: TapReply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.ok) pending?.resolve(reply);
    else pending?.reject(new TapError(reply.message));
  }
}

function withBodies(taken: readonly TakenExchange[]): Exchange[] {
  let base = "";
  return taken.map(({ timing, request, responseBody }) => {
    base = applyDelta(base, request);
    return { ...timing, requestBody: base, responseBody };
  });
}

function required<T>(value: T | undefined): T {
  if (value === undefined)
    throw new TapError("The tap's answer lacks what was asked for. This is a bug of Tollgate.");
  return value;
}
