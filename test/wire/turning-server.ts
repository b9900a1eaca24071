import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import * as fc from "fast-check";

/** What a server does with a request, and with the connection afterwards. */
export interface Turn {
  readonly does: "answers" | "drops";
  /** Milliseconds until it closes the connection that it promised to keep; null: it keeps it. */
  readonly closesAfterMs: number | null;
  /** Of the client, before its next request. */
  readonly pauseMs: number;
}

export const turn: fc.Arbitrary<Turn> = fc.record({
  does: fc.constantFrom("answers", "answers", "answers", "drops"),
  closesAfterMs: fc.option(fc.integer({ min: 0, max: 80 })),
  pauseMs: fc.integer({ min: 0, max: 80 }),
});

export const plainTurn: Turn = { does: "answers", closesAfterMs: null, pauseMs: 0 };
/** Until a connection is used again. */
export const restMs = 60;

/** A server that follows the turns, one request each, and counts what it has read whole. */
export async function playing(turns: readonly Turn[]) {
  const read: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      const body = /\r\n\r\n(request \d+\.)$/.exec(text)?.[1];
      if (body === undefined) return;
      text = "";
      read.push(body);
      const { does, closesAfterMs } = turns[Number(/\d+/.exec(body))] ?? {
        does: "drops",
        closesAfterMs: null,
      };
      if (does === "drops") {
        socket.destroy();
        return;
      }
      socket.write(
        `HTTP/1.1 200 OK\r\nKeep-Alive: timeout=60\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      if (closesAfterMs !== null) setTimeout(() => socket.destroy(), closesAfterMs);
    });
  });
  const closeConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    read,
    /** All that are open, at once. */
    closeConnections,
    [Symbol.dispose]: () => {
      closeConnections();
      server.close();
    },
  };
}
