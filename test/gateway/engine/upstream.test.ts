import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { request } from "undici";
import { expect, test } from "vitest";
import { Upstream } from "../../../bench/gateway/engine/upstream.ts";
import { plainTurn, playing, restMs, turn } from "../../wire/turning-server.ts";

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

test("a request that is written when the server has just closed goes once more, over a new connection", async () => {
  using server = await playing([plainTurn, plainTurn]);
  const upstream = new Upstream(server.url);
  const sentAgain: string[] = [];
  for (const body of ["request 0.", "request 1."]) {
    // Its end is on this side of the kernel when undici writes, and not yet told to this program.
    if (server.read.length === 1) setImmediate(server.closeConnections);
    const dispatcher = upstream.compose(
      (dispatch) => (options, handler) =>
        dispatch(options, Object.assign(handler, { onSentAgain: () => sentAgain.push(body) })),
    );
    const response = await request(server.url, { method: "POST", body, dispatcher });
    expect(await response.body.text()).toBe(body);
    await sleep(restMs);
  }
  await upstream.destroy();
  expect(server.read).toEqual(["request 0.", "request 1."]);
  expect(sentAgain).toEqual(["request 1."]);
});
