import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StartError } from "../../bench/errors.ts";
import { connectOptionsOf, listenOn, maxSocketPathBytes } from "../../bench/tools/socket-address.ts";

let folder = "";
const servers: Server[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "s-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rm(folder, { recursive: true });
});

/** A server that says its name to who connects. */
function named(name: string): Server {
  const server = createServer((socket) => socket.end(name));
  servers.push(server);
  return server;
}

async function whoAnswers(address: string): Promise<string> {
  let text = "";
  for await (const chunk of connect(connectOptionsOf(address))) text += String(chunk);
  return text;
}

test.each([
  ["127.0.0.1:80", { host: "127.0.0.1", port: 80, noDelay: true }],
  ["::1:65535", { host: "::1", port: 65_535, noDelay: true }],
  ["/run/tools-0.sock", { path: "/run/tools-0.sock" }],
  ["/run/a:80", { path: "/run/a:80" }],
  ["./a:80", { path: "./a:80" }],
  ["tools:abc", { path: "tools:abc" }],
])("%s is reached as %j", (address, options) => {
  expect(connectOptionsOf(address)).toEqual(options);
});

test("a successor takes a unix address over while its predecessor still listens, and keeps it when that one closes", async () => {
  const path = join(folder, "t.sock");
  const [first, second] = [named("first"), named("second")];
  expect(await listenOn(first, path, 1)).toBe(path);
  expect(await whoAnswers(path)).toBe("first");
  expect(await listenOn(second, path, 2)).toBe(path);
  expect(await whoAnswers(path)).toBe("second");
  first.close();
  await once(first, "close");
  expect(await whoAnswers(path)).toBe("second");
  expect([1, 2].map((generation) => existsSync(`${path}.${generation}`))).toEqual([false, false]);
});

test("a path is too long by its bytes, generation included, and nothing is bound", async () => {
  const room = maxSocketPathBytes - Buffer.byteLength(join(folder, ".1"));
  const fitting = join(folder, "x".repeat(room));
  expect(await listenOn(named("a"), fitting, 1)).toBe(fitting);
  const wide = join(folder, "é".repeat(Math.floor(room / 2) + 1));
  for (const [path, generation] of [
    [fitting, 10],
    [wide, 1],
  ] as const) {
    const refused = listenOn(named("b"), path, generation);
    await expect(refused).rejects.toBeInstanceOf(StartError);
    await expect(refused).rejects.toThrow("Use a shorter scratch directory");
  }
});

test("port 0 becomes the port that was bound; a successor waits until its predecessor has left it", async () => {
  const [first, second] = [named("first"), named("second")];
  const address = await listenOn(first, "127.0.0.1:0", 1);
  expect(address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  setTimeout(() => first.close(), 120);
  expect(await listenOn(second, address, 2)).toBe(address);
  expect(await whoAnswers(address)).toBe("second");
});

test.each(["192.0.2.1:0", "no-such-folder/t.sock"])(
  "%s cannot be bound: said at once, with the address",
  async (address) => {
    const refused = listenOn(named("a"), address.includes("/") ? join(folder, address) : address, 1);
    await expect(refused).rejects.toBeInstanceOf(StartError);
    await expect(refused).rejects.toThrow(address);
  },
);
