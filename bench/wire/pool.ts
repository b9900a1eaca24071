import { ClientConnection, type ServerPlace } from "./client.ts";
import type { Manners } from "./manners.ts";

/** A connection is used again only after it has been quiet for so long: who closes right after an answer has done it by then. */
const settleMs = 50;

/**
 * Connections to one server, as many as there are requests at a time: waiting for one would be counted as the server's time.
 * Servers close connections that they promised to keep, and a request that is written at that moment is lost without having
 * been read. So a connection rests for a moment before it is used again, one that is closed by then is never used, and where
 * a server is seen closing after its answers, each request gets a connection of its own.
 */
export class ConnectionPool implements AsyncDisposable {
  readonly #place: ServerPlace;
  readonly #manners: Manners;
  readonly #all = new Set<ClientConnection>();
  /** In the order in which their last answers ended. */
  readonly #idle: ClientConnection[] = [];
  #opened = 0;

  constructor(place: ServerPlace, manners: Manners) {
    this.#place = place;
    this.#manners = manners;
  }

  /** Connections that were opened so far. */
  get opened(): number {
    return this.#opened;
  }

  /** Whether requests are to say that theirs is the last on its connection. */
  get closesAfterAnswer(): boolean {
    return this.#manners.closes;
  }

  take(): ClientConnection {
    const nowMs = performance.now();
    const at = this.#manners.closes
      ? -1
      : this.#idle.findLastIndex((one) => nowMs - one.idleSinceMs >= settleMs);
    const [settled] = at === -1 ? [] : this.#idle.splice(at, 1);
    if (settled === undefined) return this.another();
    if (nowMs < settled.idleUntilMs) return settled;
    this.discard(settled);
    return this.another();
  }

  /** One that nobody has used. */
  another(): ClientConnection {
    const connection = new ClientConnection(this.#place, {
      opened: () => (this.#opened += 1),
      closedByServer: (afterAnswerMs) => {
        this.#manners.closed(afterAnswerMs);
        this.discard(connection);
      },
    });
    this.#all.add(connection);
    return connection;
  }

  /** Takes a connection back whose request was answered. */
  answered(connection: ClientConnection): void {
    this.#manners.answered();
    if (connection.isOpen) this.#idle.push(connection);
    else this.discard(connection);
  }

  discard(connection: ClientConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    connection.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#all) connection.destroy();
    this.#all.clear();
    this.#idle.length = 0;
    return Promise.resolve();
  }
}

/** Of a URL of http or https. */
export function placeOf({ protocol, hostname, port }: URL): ServerPlace {
  const secure = protocol === "https:";
  // Brackets belong to the URL, not to the address.
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(port || (secure ? 443 : 80)), secure };
}
