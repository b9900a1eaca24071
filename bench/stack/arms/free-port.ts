import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/**
 * Ports on loopback that were free a moment ago, all different. Programs of others cannot be told to take any free port
 * and say which; should somebody else take one meanwhile, the program does not start and says so.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
