import { digestOf, type KeyDigest } from "../http/access.ts";
import { DialectError } from "../http/dialect-error.ts";
import { callView, logLineSchema, type LogLine } from "./log-line.ts";
import type { RecordingLevel } from "../../config/recording-choices.ts";
import { Session, type EndedCall, type Reward, type RewardReceipt } from "./session.ts";
import type { SessionLog } from "./session-log.ts";

export interface SessionLimits {
  /** Sessions that have not been exported with `remove_session`. */
  readonly sessionsMax: number;
  /** Characters of recorded text over all sessions. */
  readonly recordedCharsMax: number;
}

export interface Randomness {
  /** Unpredictable bytes: session keys are made of them. */
  readonly randomBytes: (count: number) => Buffer;
  readonly randomUuid: () => string;
}

export interface StartedGroup {
  readonly groupId: string;
  readonly sessions: readonly { readonly id: string; readonly key: string }[];
}

/** A log that is longer than this and needed by no session is emptied. */
const idleLogBytesMax = 1 << 20;

/** All open sessions, by id and by key; with a log, everything that happens to them is in it before it is answered. */
export class SessionStore {
  readonly #byId = new Map<string, Session>();
  readonly #byKey = new Map<KeyDigest, Session>();
  readonly #keys = new Map<Session, KeyDigest>();
  readonly #limits: SessionLimits;
  readonly #random: Randomness;
  readonly #level: RecordingLevel;
  readonly #log: SessionLog | null;
  #chars = 0;

  constructor(
    limits: SessionLimits,
    random: Randomness,
    recording: { readonly level: RecordingLevel; readonly log: SessionLog | null },
  ) {
    this.#limits = limits;
    this.#random = random;
    this.#level = recording.level;
    this.#log = recording.log;
  }

  /** Takes up what an earlier gateway wrote. @throws when a line is none of its */
  restore(lines: readonly unknown[]): void {
    for (const line of lines) this.#replay(logLineSchema.parse(line));
    if (this.#byId.size === 0) this.#log?.clear();
  }

  get count(): number {
    return this.#byId.size;
  }

  /** Characters recorded over all sessions. */
  get chars(): number {
    return this.#chars;
  }

  /**
   * Opens the sessions of a group, `<task id>-<n>` with the first numbers that are free.
   * @throws {DialectError} 409 for a key in use, 429 beyond the limit, 503 without memory
   */
  start(
    taskId: string,
    options: { readonly groupSize: number; readonly apiKey: string | null },
  ): StartedGroup {
    const { groupSize, apiKey } = options;
    const bound = apiKey === null ? undefined : this.#byKey.get(digestOf(apiKey));
    if (bound !== undefined) {
      throw new DialectError(409, `API key is already bound to active session ${bound.id}`);
    }
    if (this.#byId.size + groupSize > this.#limits.sessionsMax) {
      throw new DialectError(
        429,
        `${this.#byId.size} sessions are open and ${this.#limits.sessionsMax} are allowed: export some with remove_session`,
      );
    }
    this.requireMemory();
    const groupId = `grp-${this.#random.randomUuid()}`;
    const sessions = Array.from({ length: groupSize }, () => {
      const id = this.#freeId(taskId);
      const key = apiKey ?? this.#random.randomBytes(32).toString("base64url");
      const keyDigest = digestOf(key);
      const opened = { type: "session", id, groupId, keyDigest, level: this.#level } as const;
      this.#log?.write(opened);
      this.#replay(opened);
      return { id, key };
    });
    return { groupId, sessions };
  }

  /** Keeps a finished call. It is in the log afterwards, or `requireWritten` says why not. */
  callEnded(session: Session, ended: EndedCall & { readonly late: boolean }): void {
    const { call, grown } = session.callEnded(ended);
    // A session may have been removed under a call; its id may be another one's by now.
    if (this.#byId.get(session.id) !== session) return;
    this.#chars += grown;
    this.#log?.keep({ type: "call", session: session.id, late: ended.late, call: callView(call) });
  }

  callFailed(session: Session, late: boolean): void {
    session.callFailed();
    if (this.#byId.get(session.id) === session)
      this.#log?.keep({ type: "failed", session: session.id, late });
  }

  /** @throws {DialectError} 400, or 507 without room in the log */
  setReward(session: Session, reward: Reward): RewardReceipt {
    session.requireReward(reward);
    this.#log?.write({ type: "reward", session: session.id, ...reward });
    return session.setReward(reward);
  }

  /** @throws {DialectError} 507 while a finished call is not in the log */
  requireWritten(): void {
    this.#log?.requireWritten();
  }

  byKey(key: string): Session | null {
    return this.#byKey.get(digestOf(key)) ?? null;
  }

  /** @throws {DialectError} 404 */
  byId(id: string): Session {
    const session = this.#byId.get(id);
    if (session === undefined) throw new DialectError(404, `Session ${id} not found`);
    return session;
  }

  /** @throws {DialectError} 507 without room in the log */
  remove(session: Session): void {
    if (this.#byId.get(session.id) !== session) return;
    const removed = { type: "removed", session: session.id } as const;
    this.#log?.write(removed);
    this.#replay(removed);
    if (this.#byId.size === 0 && (this.#log?.bytes ?? 0) > idleLogBytesMax) this.#log?.clear();
  }

  /** @throws {DialectError} 503 when what is recorded fills the memory that was allowed */
  requireMemory(): void {
    if (this.#chars < this.#limits.recordedCharsMax) return;
    throw new DialectError(
      503,
      `${this.#chars} characters are recorded and ${this.#limits.recordedCharsMax} are allowed: export sessions with remove_session`,
    );
  }

  #freeId(taskId: string): string {
    let number = 0;
    while (this.#byId.has(`${taskId}-${number}`)) number += 1;
    return `${taskId}-${number}`;
  }

  #replay(line: LogLine): void {
    if (line.type === "session") {
      if (line.level !== this.#level)
        throw new Error(
          `session ${line.id} was recorded at level ${line.level}, and this gateway records ${this.#level}`,
        );
      const session = new Session(line.id, line.groupId);
      this.#byId.set(session.id, session);
      this.#byKey.set(line.keyDigest, session);
      this.#keys.set(session, line.keyDigest);
      return;
    }
    // A call may end when its session is gone; so does its line.
    const session = this.#byId.get(line.session);
    if (session === undefined) return;
    if (line.type === "removed") {
      this.#byId.delete(session.id);
      this.#byKey.delete(this.#keys.get(session) ?? "");
      this.#keys.delete(session);
      this.#chars -= session.size;
    } else if (line.type === "call") this.#chars += session.restoreCall(line.call, line.late);
    else if (line.type === "reward") session.setReward(line);
    else {
      if (line.late) session.lateCalls += 1;
      session.failedCalls += 1;
    }
  }
}
