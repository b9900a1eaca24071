import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { listenersOn, listeningSockets } from "../../bench/host/listener.ts";

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:7530 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0
   1: 0100007F:7530 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0
   2: 0100007F:7531 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0`;

test("a listening socket of the port counts, a connection to it and other ports do not", () => {
  expect(listeningSockets(table, 30_000)).toEqual(["socket:[4711]"]);
});

test("the process that listens on a port is found, and nobody once it is closed", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const found = listenersOn(port);
  server.close();
  await once(server, "close");
  // Without a table of sockets nothing is known of either.
  if (found === null) return;
  expect(found).toEqual([process.pid]);
  expect(listenersOn(port)).toEqual([]);
});
