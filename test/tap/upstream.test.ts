import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { request } from "undici";
import { expect, test } from "vitest";
import { Manners } from "../../bench/tap/manners.ts";
import { Upstream } from "../../bench/tap/upstream.ts";

/** What a server does with a request, and with the connection afterwards. */
interface Turn {
  readonly does: "answers" | "drops";
  /** Milliseconds until it closes the connection that it promised to keep; null: it keeps it. */
  readonly closesAfterMs: number | null;
  /** Of the client, before its next request. */
  readonly pauseMs: number;
}

const turn: fc.Arbitrary<Turn> = fc.record({
  does: fc.constantFrom("answers", "answers", "answers", "drops"),
  closesAfterMs: fc.option(fc.integer({ min: 0, max: 80 })),
  pauseMs: fc.integer({ min: 0, max: 80 }),
});

/** A server that follows the turns, one request each, and counts what it has read whole. */
async function playing(turns: readonly Turn[]) {
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
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    read,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test("whenever a server closes: no request is read twice, and only what it dropped has failed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 2, maxLength: 6 }), async (turns) => {
      using server = await playing(turns);
      const upstream = new Upstream(server.url);
      const failed: number[] = [];
      for (const [index, { pauseMs }] of turns.entries()) {
        const body = `request ${index}.`;
        const text = await request(server.url, { method: "POST", body, dispatcher: upstream })
          .then((response) => response.body.text())
          .catch(() => null);
        if (text !== body) failed.push(index);
        await sleep(pauseMs);
      }
      await upstream.destroy();
      expect(server.read).toEqual(turns.map((_, index) => `request ${index}.`));
      expect(failed).toEqual(turns.flatMap(({ does }, index) => (does === "drops" ? [index] : [])));
    }),
    { numRuns: 15 },
  );
});

test.each<{ what: string; early: number; late: number; answers: number; closes: boolean }>([
  { what: "one that closed twice", early: 2, late: 0, answers: 2, closes: false },
  { what: "one that closes after each answer", early: 3, late: 0, answers: 3, closes: true },
  { what: "one that closes now and then", early: 3, late: 0, answers: 31, closes: false },
  { what: "one that closes after a tenth", early: 3, late: 0, answers: 30, closes: true },
  { what: "one whose limit is seconds", early: 0, late: 50, answers: 50, closes: false },
])("$what: no connection of it is used again is $closes", ({ early, late, answers, closes }) => {
  const manners = new Manners();
  for (let count = 0; count < answers; count += 1) manners.answered();
  for (let count = 0; count < early; count += 1) manners.closed(3);
  for (let count = 0; count < late; count += 1) manners.closed(2_000);
  expect(manners.closes).toBe(closes);
});
