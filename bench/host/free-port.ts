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

/** One such port. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error("the system gave no TCP port");
  return port;
}

/** Whether somebody listens on a port of loopback, so that a program that was told to use it cannot. */
export async function isPortTaken(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") return true;
    throw error;
  }
  await once(server.close(), "close");
  return false;
}
