import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { Agent, request } from "undici";
import { expect, test } from "vitest";
import { Forward, forwardTarget, type ForwardObserver } from "../../bench/wire/forward.ts";
import { Manners } from "../../bench/wire/manners.ts";
import { WireServer } from "../../bench/wire/server.ts";
import { plainTurn, playing, restMs, turn } from "./turning-server.ts";

const nobody: ForwardObserver = {
  requestChunk: () => undefined,
  requestEnd: () => undefined,
  sentAgain: () => undefined,
  responseHead: () => undefined,
  responseChunk: () => undefined,
  end: () => undefined,
};

test("whenever a server closes: no request is read twice, and only what it dropped has failed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 2, maxLength: 6 }), async (turns) => {
      using server = await playing(turns);
      const upstream = forwardTarget(new URL(server.url), { manners: new Manners(), unreachable: () => "" });
      await using _pool = upstream.pool;
      await using tap = await WireServer.listen(
        0,
        (head, response) => new Forward({ head, response, upstream }, nobody).request,
      );
      const dispatcher = new Agent();
      const failed: number[] = [];
      for (const [index, { pauseMs }] of turns.entries()) {
        const body = `request ${index}.`;
        const text = await request(`http://127.0.0.1:${tap.port}`, { method: "POST", body, dispatcher })
          .then((response) => response.body.text())
          .catch(() => null);
        if (text !== body) failed.push(index);
        await sleep(pauseMs);
      }
      await dispatcher.destroy();
      expect(server.read).toEqual(turns.map((_, index) => `request ${index}.`));
      expect(failed).toEqual(turns.flatMap(({ does }, index) => (does === "drops" ? [index] : [])));
    }),
    { numRuns: 15 },
  );
});

test("a request that is written when the server has just closed goes once more, over a new connection", async () => {
  using server = await playing([plainTurn, plainTurn]);
  const upstream = forwardTarget(new URL(server.url), { manners: new Manners(), unreachable: () => "" });
  await using _pool = upstream.pool;
  const sentAgain: string[] = [];
  const observer = { ...nobody, sentAgain: ({ message }: Error) => sentAgain.push(message) };
  await using tap = await WireServer.listen(0, (head, response) => {
    // Its end is on this side of the kernel then, and not yet told to this program.
    if (server.read.length === 1) server.closeConnections();
    return new Forward({ head, response, upstream }, observer).request;
  });
  for (const body of ["request 0.", "request 1."]) {
    const response = await request(`http://127.0.0.1:${tap.port}`, { method: "POST", body });
    expect(await response.body.text()).toBe(body);
    await sleep(restMs);
  }
  expect(server.read).toEqual(["request 0.", "request 1."]);
  expect(sentAgain).toEqual(["write EPIPE"]);
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
