import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { BackgroundLoad } from "../../../bench/feedback/serving/load.ts";

test("a run that is cancelled does not wait for answers to its load that never come", async () => {
  const server = createServer((request) => void request.resume()).listen(0, "127.0.0.1");
  const asked = once(server, "request");
  await once(server, "listening");
  const cancel = new AbortController();
  const load = new BackgroundLoad({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    model: "m",
    concurrency: 2,
    signal: cancel.signal,
  });
  await asked;
  cancel.abort();
  const stopped = load.stop().then(() => "stopped");
  const waited = sleep(15_000, "waits for answers", { ref: false });
  expect(await Promise.race([stopped, waited])).toBe("stopped");
  server.closeAllConnections();
  server.close();
  await stopped;
});
