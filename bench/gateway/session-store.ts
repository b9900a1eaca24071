import { digestOf, type KeyDigest } from "./access.ts";
import { DialectError } from "./dialect-error.ts";
import type { GatewayIo, GatewayLimits } from "./options.ts";
import { Session } from "./session.ts";

export interface StartedGroup {
  readonly groupId: string;
  readonly sessions: readonly { readonly id: string; readonly key: string }[];
}

/** All open sessions, by id and by key. */
export class SessionStore {
  readonly #byId = new Map<string, Session>();
  readonly #byKey = new Map<KeyDigest, Session>();
  readonly #keys = new Map<Session, KeyDigest>();
  readonly #limits: GatewayLimits;
  readonly #random: Pick<GatewayIo, "randomBytes" | "randomUuid">;
  #chars = 0;

  constructor(limits: GatewayLimits, random: Pick<GatewayIo, "randomBytes" | "randomUuid">) {
    this.#limits = limits;
    this.#random = random;
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
      const session = new Session(this.#freeId(taskId), groupId);
      const key = apiKey ?? this.#random.randomBytes(32).toString("base64url");
      this.#byId.set(session.id, session);
      this.#byKey.set(digestOf(key), session);
      this.#keys.set(session, digestOf(key));
      return { id: session.id, key };
    });
    return { groupId, sessions };
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

  remove(session: Session): void {
    if (!this.#byId.delete(session.id)) return;
    this.#byKey.delete(this.#keys.get(session) ?? "");
    this.#keys.delete(session);
    this.#chars -= session.size;
  }

  grew(session: Session, chars: number): void {
    if (this.#byId.has(session.id)) this.#chars += chars;
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
}
