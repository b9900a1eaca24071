import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { DockerClient } from "../../bench/docker/docker-client.ts";
import { listContainers } from "../../bench/docker/container-state.ts";
import { parseDockerHost } from "../../bench/docker/docker-host.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A daemon that is only a version and what it was asked. */
async function fakeDaemon(
  version: Readonly<Record<string, string | undefined>>,
  answer: RequestListener = () => undefined,
) {
  const directory = mkdtempSync(join(tmpdir(), "tollgate-api-"));
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    if (request.url === "/version") response.end(JSON.stringify(version));
    else answer(request, response);
  });
  server.listen(join(directory, "docker.sock"));
  await once(server, "listening");
  cleanUps.push(
    () => rmSync(directory, { recursive: true }),
    () => server.close(),
    () => server.closeAllConnections(),
  );
  return { host: parseDockerHost(`unix://${join(directory, "docker.sock")}`), paths };
}

test.each([
  ["20.10", { Version: "20.10.24", ApiVersion: "1.41", MinAPIVersion: "1.12" }, "/v1.41/"],
  ["29", { Version: "29.0.1", ApiVersion: "1.52", MinAPIVersion: "1.44" }, "/v1.51/"],
])("speaks to Docker %s in the newest version that both know", async (_name, version, path) => {
  const { host, paths } = await fakeDaemon(version, (_request, response) => response.end("[]"));
  await using client = await DockerClient.connect(host);
  expect(await listContainers(client)).toEqual([]);
  expect(paths[1]?.startsWith(path)).toBe(true);
});

test.each([
  [
    { Version: "40", ApiVersion: "1.70", MinAPIVersion: "1.60" },
    /accepts only API versions from 1\.60 on.*newer Tollgate/,
  ],
  [{ Version: "18.06", ApiVersion: "1.38", MinAPIVersion: "1.12" }, /is too old: GPUs need API 1\.40/],
  [{ hello: "world" }, /is no Docker daemon/],
])("refuses a daemon that it cannot speak to: %j", async (version, message) => {
  const { host } = await fakeDaemon(version);
  await expect(DockerClient.connect(host)).rejects.toThrow(message);
});

test("what the daemon refuses keeps its words and its status", async () => {
  const { host } = await fakeDaemon(
    { Version: "29", ApiVersion: "1.52", MinAPIVersion: "1.44" },
    (_request, response) => response.writeHead(409).end('{"message":"Conflict. The name is in use"}'),
  );
  await using client = await DockerClient.connect(host);
  await expect(listContainers(client)).rejects.toMatchObject({
    name: "DockerApiError",
    status: 409,
    daemonMessage: "Conflict. The name is in use",
  });
});

test("a daemon that hangs is an error, not a wait", async () => {
  const { host } = await fakeDaemon({ Version: "29", ApiVersion: "1.52", MinAPIVersion: "1.44" });
  await using client = await DockerClient.connect(host);
  await expect(client.send({ method: "GET", path: "/info", timeoutMs: 100 })).rejects.toThrow(
    /does not answer GET \/info: no answer within 100 ms/,
  );
});

test("a socket that is not there says how to start Docker", async () => {
  await expect(DockerClient.connect(parseDockerHost("unix:///nowhere/docker.sock"))).rejects.toThrow(
    /unix:\/\/\/nowhere\/docker\.sock does not answer.*systemctl start docker.*DOCKER_HOST/,
  );
});

test("DOCKER_HOST is read as Docker does", () => {
  const socket = "/var/run/docker.sock";
  expect(parseDockerHost(undefined)).toEqual({ kind: "unix", socketPath: socket, text: `unix://${socket}` });
  expect(parseDockerHost("")).toEqual(parseDockerHost(undefined));
  expect(parseDockerHost("tcp://node7")).toMatchObject({ kind: "tcp", origin: "http://node7:2375" });
  expect(parseDockerHost("tcp://[::1]:1234/")).toMatchObject({ kind: "tcp", origin: "http://[::1]:1234" });
  expect(() => parseDockerHost("ssh://me@node7")).toThrow(/forward its socket: ssh -L/);
});
