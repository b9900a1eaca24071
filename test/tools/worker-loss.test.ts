import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ToolWorkerDiedError } from "../../bench/tools/tool-server-error.ts";
import { aborted, add, callNamed, request, useToolWorld } from "./tool-world.ts";

const { start, clientOf, scratch } = useToolWorld();

const deaths = [
  { tool: "exit", death: "exited", detail: /its thread ended/ },
  { tool: "crash", death: "crashed", detail: /planted crash/ },
  { tool: "loop", death: "stuck", detail: /past its deadline/ },
  { tool: "memory", death: "crashed", detail: /memory/ },
] as const;

test.for(deaths)(
  "a worker lost by `$tool` ends its own episodes and listens again",
  async ({ tool, death, detail }) => {
    const server = await start({ workers: 2, workerHeapMb: 64, watch: { heartbeatMs: 50 } });
    const limits = { maxSteps: 200, maxErrors: 10, callTimeoutMs: tool === "loop" ? 1_500 : 30_000 };
    const culprit = await server.openEpisode(request("culprit", { limits }));
    const elsewhere = await server.openEpisode(request("elsewhere", { limits }));
    const neighbour = await server.openEpisode(request("neighbour", { limits }));
    expect([neighbour.socket, elsewhere.socket]).toEqual([culprit.socket, server.sockets[1]]);
    const neighbours = await clientOf(neighbour.socket);
    await neighbours.call(add(neighbour, 1));
    const client = await clientOf(culprit.socket);
    const lostAt = Promise.all([culprit.lost, neighbour.lost].map(aborted));
    const outcome = await client.call(callNamed(culprit, tool)).catch((error: unknown) => error);
    expect(outcome).toMatchObject(
      tool === "crash" ? { content: "crashing" } : { code: "TOLLGATE_TOOL_CONNECTION" },
    );

    const [reason, neighbourReason] = await lostAt;
    expect(reason).toBeInstanceOf(ToolWorkerDiedError);
    expect(neighbourReason).toBe(reason);
    expect((reason as ToolWorkerDiedError).loss).toEqual({
      worker: 0,
      death,
      runningEpisodeId: tool === "crash" ? null : "episode-of-culprit",
      detail: expect.stringMatching(detail),
    });
    expect(neighbour.takeLog().map(({ name }) => name)).toEqual(["add"]);
    await expect(neighbour.evaluate({ end: "well" })).rejects.toBe(reason);
    await neighbour.close();

    expect((await (await clientOf(elsewhere.socket)).call(add(elsewhere, 9))).content).toBe("9");
    const next = await server.openEpisode(request("culprit", { limits }));
    expect(next.socket).toBe(culprit.socket);
    const fresh = await clientOf(next.socket);
    expect((await fresh.call(add(next, 4))).content).toBe("4");
    expect(await fresh.hello(server.fleetToken)).toMatchObject({ worker: 0, generation: 2, episodes: 1 });
    expect((await fresh.session(server.fleetToken, "elsewhere")).token).toBe(elsewhere.token);
    await expect(fresh.session(server.fleetToken, "neighbour")).rejects.toMatchObject({
      reason: "unknown-session",
    });
    await expect(fresh.call(add(culprit, 1))).rejects.toMatchObject({ reason: "bad-token" });
  },
);

test("a tool with a bug costs its own episode only", async () => {
  const server = await start({ workers: 1 });
  const [broken, fine] = [await server.openEpisode(request("a")), await server.openEpisode(request("b"))];
  const client = await clientOf(broken.socket);
  await expect(client.call(callNamed(broken, "bug"))).rejects.toMatchObject({ reason: "internal" });
  expect(await aborted(broken.lost)).toMatchObject({
    kind: "bug",
    message: expect.stringContaining("planted bug"),
  });
  expect((await client.call(add(fine, 2))).content).toBe("2");
});

test("tcp works like the unix socket, also after the worker was replaced", async () => {
  const server = await start({ workers: 1, transport: "tcp", watch: { heartbeatMs: 50 } });
  const episode = await server.openEpisode(request("a"));
  expect(episode.socket).toMatch(/^127\.0\.0\.1:\d+$/);
  const client = await clientOf(episode.socket);
  expect((await client.call(add(episode, 1))).content).toBe("1");
  const lost = aborted(episode.lost);
  await expect(client.call(callNamed(episode, "exit"))).rejects.toMatchObject({
    code: "TOLLGATE_TOOL_CONNECTION",
  });
  await lost;
  const next = await server.openEpisode(request("b"));
  expect(next.socket).toBe(episode.socket);
  expect((await (await clientOf(next.socket)).call(add(next, 1))).content).toBe("1");
});

test("a server that cannot start says so and leaves nothing", async () => {
  const missing = new URL("./no-such-module.ts", import.meta.url);
  await expect(start({ module: missing })).rejects.toMatchObject({
    code: "TOLLGATE_START",
    message: expect.stringContaining("no-such-module"),
  });
  const deep = join(scratch(), "x".repeat(120));
  await expect(start({ scratchDirectory: deep })).rejects.toThrow("Use a shorter scratch directory");
  expect(await readdir(scratch())).toEqual([]);
});

test("dispose ends clients, episodes and sockets, even with a tool in an endless loop", async () => {
  const server = await start({ workers: 2, watch: { heartbeatMs: 50 } });
  const episode = await server.openEpisode(
    request("a", { limits: { maxSteps: 9, maxErrors: 9, callTimeoutMs: 60_000 } }),
  );
  const client = await clientOf(episode.socket);
  const outcome = client.call(callNamed(episode, "loop")).catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await server[Symbol.asyncDispose]();
  expect(await outcome).toMatchObject({ code: "TOLLGATE_TOOL_CONNECTION" });
  expect(episode.lost.aborted).toBe(true);
  expect(server.sockets.map((socket) => existsSync(socket))).toEqual([false, false]);
  await expect(server.openEpisode(request("b"))).rejects.toMatchObject({ code: "TOLLGATE_TOOL_WORKER_DIED" });
});
