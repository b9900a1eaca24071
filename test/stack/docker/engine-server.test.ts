import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { ContainerEnd, RunningContainer } from "../../../bench/docker/container.ts";
import { waitUntilServing } from "../../../bench/stack/docker/engine-server.ts";
import { runningContainer } from "./docker-facts.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUps.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A container that is known only by its end and its log. */
function container(end: Promise<ContainerEnd>, log = ""): RunningContainer {
  return {
    name: "agent engine (container x)",
    id: "x",
    facts: runningContainer({}),
    end,
    ended: end.then(({ text }) => text),
    lastLogLines: () => log,
    remove: () => Promise.resolve(),
    detach: () => undefined,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const lives = new Promise<ContainerEnd>(() => undefined);
const waiting = { deadlineMs: 3_000, tell: () => undefined, signal: new AbortController().signal };

test("a gateway in a container serves when it answers as its arm says, key and status included", async () => {
  const url = await serve(({ headers }, response) => {
    response.writeHead(headers.authorization === "Bearer key" ? 204 : 401).end();
  });
  const probe = { url, status: 204, headers: { authorization: "Bearer key" } };
  await expect(
    waitUntilServing({ ...waiting, probes: [probe], container: container(lives) }),
  ).resolves.toBeUndefined();
});

test("probes are asked one after the other: the next only when the one before has its answer", async () => {
  const asked: string[] = [];
  const url = await serve(({ url = "" }, response) => {
    asked.push(url);
    response.writeHead(url === "/models" && asked.length < 2 ? 503 : 200).end();
  });
  const probes = ["/models", "/health"].map((path) => ({ url: url + path, status: 200 }));
  await waitUntilServing({ ...waiting, probes, container: container(lives) });
  expect(asked).toEqual(["/models", "/models", "/health"]);
});

test("a server that ends while it loads is told with its reason and the end of its log", async () => {
  const end = Promise.resolve({ text: "code 1; GPU memory is too small", facts: null });
  const probes = [{ url: "http://127.0.0.1:9", status: 200 }];
  await expect(
    waitUntilServing({ ...waiting, probes, container: container(end, "CUDA out of memory") }),
  ).rejects.toThrow(
    /container x\) ended with code 1; GPU memory is too small\. Its log ends with:\nCUDA out of memory/,
  );
});

test("a server that is late is told with its time and what it answered last is in its log", async () => {
  const url = await serve((_request, response) => void response.writeHead(503).end());
  const probes = [{ url, status: 200 }];
  await expect(
    waitUntilServing({ ...waiting, deadlineMs: 100, probes, container: container(lives) }),
  ).rejects.toThrow(/did not answer http.* within 0 s\. Raise startSeconds.*Its log is empty/);
});
