import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { request } from "undici";
import { expect, test } from "vitest";
import { Upstream } from "../../../bench/gateway/engine/upstream.ts";
import { playing, turn } from "../../wire/turning-server.ts";

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
