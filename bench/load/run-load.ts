import type { ClientConnection } from "../wire/client.ts";
import { LoopWatch } from "../measure/loop-watch.ts";
import type { Alarm } from "./alarm.ts";
import { readSample, type AskedRequest } from "./answer-reading.ts";
import { Connections } from "./connections.ts";
import { encodePost } from "./encode-post.ts";
import type { LoadPlan, LoadRequest, LoadResult, LoadSample, LoadSession } from "./load.ts";
import { Pacer } from "./pacer.ts";
import { RequestWatch, type RawAnswer } from "./request-watch.ts";
import { Timer } from "../measure/deadline.ts";

export interface RunLoadOptions {
  /** CLOCK_MONOTONIC in nanoseconds. */
  readonly nowNs: () => number;
  /** Wakes this thread for what is due. */
  readonly alarm: Alarm;
  /** When it aborts, nothing new is begun; requests in flight run to their end. */
  readonly drain?: AbortSignal;
  /** When it aborts, requests in flight are aborted too. */
  readonly cancel?: AbortSignal;
  /** Told how many requests have ended, every now and then. */
  readonly progress?: (ended: number) => void;
}

/** Connections that are open beyond the users; an open loop begins with these and opens more when more are due. */
const spareConnections = 64;
const startDelayNs = 20e6;
const delayResolutionMs = 5;

/**
 * Sends the plan and takes the stamps, in this thread: nothing else should run in it, see bench/load/load-thread.ts.
 * @throws {StartError} when the server accepts no connection
 */
export async function runLoad(plan: LoadPlan, options: RunLoadOptions): Promise<LoadResult> {
  const { pace, connectionsMax } = plan;
  const users = pace.kind === "closed" ? pace.users : 0;
  await using connections = await Connections.open(new URL(plan.url), {
    opened: Math.min(users + spareConnections, 2 * plan.sessions.length),
    max: connectionsMax,
  });
  using watch = new LoopWatch(delayResolutionMs);
  const load = new RunningLoad(plan, options, connections);
  const ended = await load.run();
  const { loopDelayMs, eventLoopUtilization } = watch.read();
  return { ...ended, timingThread: { loopDelayMs, busyShare: eventLoopUtilization } };
}

class RunningLoad {
  readonly #plan: LoadPlan;
  readonly #options: RunLoadOptions;
  readonly #connections: Connections;
  readonly #pacer: Pacer;
  readonly #encoded: readonly (readonly EncodedRequest[])[];
  readonly #samples: LoadSample[] = [];
  readonly #unread: { readonly asked: AskedRequest; readonly raw: RawAnswer }[] = [];
  readonly #flying = new Set<RequestWatch>();
  readonly #total: number;
  #begun = 0;
  #openSessions = 0;
  #nextSession = 0;
  #reading = false;
  #stopped = false;
  #steadyStartNs: number | null = null;
  #steadyEndNs: number | null = null;
  #finish: () => void = () => undefined;

  constructor(plan: LoadPlan, options: RunLoadOptions, connections: Connections) {
    this.#plan = plan;
    this.#options = options;
    this.#connections = connections;
    this.#pacer = new Pacer(options.nowNs, options.alarm);
    // Encoded now, so that nothing but the sending is left for later.
    const { host, pathname } = new URL(plan.url);
    const place = { host, prefix: pathname.replace(/\/+$/, "") };
    this.#encoded = plan.sessions.map((session) =>
      session.requests.map((request) => encoded(place, { session, request })),
    );
    this.#total = plan.sessions.reduce((sum, { requests }) => sum + requests.length, 0);
  }

  async run(): Promise<Omit<LoadResult, "timingThread">> {
    const { nowNs, drain, cancel } = this.#options;
    const startedNs = nowNs() + startDelayNs;
    const over = new Promise<void>((resolve) => (this.#finish = resolve));
    const stop = () => this.#stop();
    const abort = () => {
      this.#stop();
      for (const request of this.#flying) request.abort("the load was stopped");
    };
    drain?.addEventListener("abort", stop);
    cancel?.addEventListener("abort", abort);
    this.#start(startedNs);
    if (drain?.aborted) stop();
    if (cancel?.aborted) abort();
    this.#finishIfOver();
    await over;
    drain?.removeEventListener("abort", stop);
    cancel?.removeEventListener("abort", abort);
    this.#readAll();
    const endedNs = nowNs();
    const startNs = this.#steadyStartNs ?? startedNs;
    return {
      startedNs,
      endedNs,
      steady: { startNs, endNs: Math.max(startNs, this.#steadyEndNs ?? endedNs) },
      samples: this.#samples,
      notSent: this.#total - this.#begun,
    };
  }

  #start(startedNs: number): void {
    const { pace, sessions } = this.#plan;
    const starts = pace.kind === "open" ? pace.startsNs : [];
    if (pace.kind === "open") {
      if (starts.length !== sessions.length) {
        throw new RangeError(`An open loop of ${sessions.length} sessions has ${starts.length} start times.`);
      }
      for (const offsetNs of starts)
        this.#pacer.at(startedNs + offsetNs, () => this.#arrive(startedNs + offsetNs));
      this.#steadyStartNs = startedNs + (starts[0] ?? 0);
      this.#steadyEndNs = startedNs + (starts.at(-1) ?? 0);
      return;
    }
    const users = Math.min(pace.users, sessions.length);
    for (let user = 0; user < users; user += 1) {
      const atNs = startedNs + user * pace.staggerMs * 1e6;
      this.#pacer.at(atNs, () => {
        if (user === users - 1) this.#steadyStartNs = atNs;
        this.#nextOfUser(atNs);
      });
    }
  }

  #arrive(atNs: number): void {
    const session = this.#nextSession;
    this.#nextSession += 1;
    this.#begin(session, atNs, () => undefined);
  }

  /** A user without a next session is idle: from then on there are fewer users than planned. */
  #nextOfUser(atNs: number): void {
    const session = this.#nextSession;
    if (this.#stopped || session >= this.#plan.sessions.length) {
      this.#steadyEndNs ??= atNs;
      return;
    }
    this.#nextSession += 1;
    this.#begin(session, atNs, (endedNs) => this.#nextOfUser(endedNs));
  }

  #begin(session: number, atNs: number, then: (endedNs: number) => void): void {
    const planned = this.#plan.sessions[session];
    if (planned === undefined) return;
    this.#openSessions += 1;
    const step = (index: number, intendedNs: number): void => {
      const request = planned.requests[index];
      if (request === undefined || this.#stopped) {
        this.#openSessions -= 1;
        then(intendedNs);
        this.#finishIfOver();
        return;
      }
      this.#send({ planned, session, index, intendedNs }, (endedNs) => {
        const next = planned.requests[index + 1];
        const dueNs = endedNs + (next?.thinkMs ?? 0) * 1e6;
        if (next === undefined || next.thinkMs <= 0) step(index + 1, endedNs);
        else this.#pacer.at(dueNs, () => step(index + 1, dueNs));
      });
    };
    step(0, atNs);
  }

  #send(
    at: { planned: LoadSession; session: number; index: number; intendedNs: number },
    ended: (endedNs: number) => void,
  ): void {
    const { planned, session, index, intendedNs } = at;
    const request = planned.requests[index];
    const encoded = this.#encoded[session]?.[index];
    if (request === undefined || encoded === undefined)
      throw new Error(`session ${planned.key} has no request ${index}`);
    this.#begun += 1;
    const asked = {
      id: request.id,
      session: planned.key,
      index,
      intendedNs,
      requestBytes: encoded.bodyBytes,
    };
    const { nowNs } = this.#options;
    let connection: ClientConnection | null = null;
    const watch = new RequestWatch(nowNs, (raw) => {
      limit[Symbol.dispose]();
      this.#flying.delete(watch);
      if (connection !== null) this.#connections.release(connection);
      this.#unread.push({ asked, raw });
      this.#readSoon();
      ended(raw.endedNs);
    });
    const { timeoutMs } = this.#plan;
    const limit = new Timer(timeoutMs, () => watch.abort(`not ended within ${timeoutMs} ms`));
    this.#flying.add(watch);
    const { wire } = encoded;
    if (wire instanceof Error) {
      // Later, because the next may end so too.
      setImmediate(() => watch.failed(wire));
      return;
    }
    this.#connections.withConnection((free) => {
      if (watch.isOver) {
        // Aborted while it waited for the connection.
        this.#connections.release(free);
        return;
      }
      connection = free;
      watch.onAbort((error) => free.abort(error));
      free.send(wire, { method: "POST", sink: watch });
    });
  }

  #stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#steadyEndNs = Math.min(this.#steadyEndNs ?? Number.POSITIVE_INFINITY, this.#options.nowNs());
    this.#pacer.clear();
    this.#finishIfOver();
  }

  #finishIfOver(): void {
    const { sessions } = this.#plan;
    if (this.#flying.size > 0) return;
    if (this.#stopped || (this.#openSessions === 0 && this.#nextSession >= sessions.length)) this.#finish();
  }

  /** Answers are read while nothing is due, or when too many wait. */
  #readSoon(): void {
    if (this.#reading) return;
    this.#reading = true;
    setImmediate(this.#readSome);
  }

  readonly #readSome = (): void => {
    const { progress } = this.#options;
    this.#pacer.look();
    while (this.#unread.length > 0 && (this.#unread.length > unreadMax || this.#pacer.leftNs() > quietNs)) {
      this.#readOne();
    }
    progress?.(this.#samples.length);
    this.#reading = this.#unread.length > 0;
    if (this.#reading) setImmediate(this.#readSome);
  };

  #readOne(): void {
    const next = this.#unread.shift();
    if (next !== undefined) this.#samples.push(readSample(next.asked, next.raw, this.#plan.keep));
  }

  #readAll(): void {
    while (this.#unread.length > 0) this.#readOne();
  }
}

const unreadMax = 256;
/** Reading an answer takes less than this. */
const quietNs = 300_000;

/** A request as bytes, or why HTTP does not allow it. */
interface EncodedRequest {
  readonly wire: Buffer | Error;
  readonly bodyBytes: number;
}

function encoded(
  { host, prefix }: { readonly host: string; readonly prefix: string },
  { session, request }: { readonly session: LoadSession; readonly request: LoadRequest },
): EncodedRequest {
  const body = Buffer.from(request.body);
  const place = { host, path: prefix + request.path };
  const headers = { "content-type": "application/json", ...session.headers, ...request.headers };
  try {
    return { wire: encodePost(place, { headers, body }), bodyBytes: body.length };
  } catch (thrown) {
    return { wire: thrown instanceof Error ? thrown : new Error(String(thrown)), bodyBytes: body.length };
  }
}
