import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { freePorts, isPortTaken } from "../../bench/host/free-port.ts";

test("free ports are different ones that a server can have", async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  const [port = 0] = ports;
  expect(await isPortTaken(port)).toBe(false);
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  expect(await isPortTaken(port)).toBe(true);
  server.close();
  await once(server, "close");
  expect(await isPortTaken(port)).toBe(false);
});

test("a port that may not be had for another reason is an error, not taken", async () => {
  await expect(isPortTaken(70_000)).rejects.toThrow("port");
});
