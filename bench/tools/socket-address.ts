import { rename } from "node:fs/promises";
import type { AddressInfo, ListenOptions, NetConnectOpts, Server } from "node:net";
import { setTimeout } from "node:timers/promises";
import { messageOf, StartError } from "../errors.ts";

/** Longest path that the kernel takes for a unix socket on Linux and macOS, in bytes (without the final NUL). */
export const maxSocketPathBytes = 103;

const tcpAddress = /^([^/]*):(\d{1,5})$/;

/** How to reach `socket`, which is a path or `host:port`. */
export function connectOptionsOf(socket: string): NetConnectOpts {
  const tcp = tcpAddress.exec(socket);
  if (tcp === null) return { path: socket };
  return { host: tcp[1] ?? "127.0.0.1", port: Number(tcp[2]), noDelay: true };
}

/**
 * Listens on a unix socket path, or on `host:port` (port 0 picks one). A successor may take the address over from a thread
 * that is still being torn down: closing a unix socket removes the file it was bound to, so each generation binds a name of
 * its own and is then renamed onto the path.
 * @returns the address to connect to.
 * @throws StartError when the path is too long or the address cannot be bound.
 */
export async function listenOn(server: Server, socket: string, generation: number): Promise<string> {
  const options = connectOptionsOf(socket);
  if (!("path" in options)) return listenOnTcp(server, socket, options);
  const own = `${socket}.${generation}`;
  if (Buffer.byteLength(own) > maxSocketPathBytes) {
    throw new StartError(
      "tool server",
      `The socket path ${own} is longer than ${maxSocketPathBytes} bytes. Use a shorter scratch directory.`,
    );
  }
  try {
    await bind(server, { path: own });
    await rename(own, socket);
  } catch (cause) {
    throw new StartError(
      "tool server",
      // A folder that is missing shows as EACCES here: libuv says so for both.
      `Cannot listen on ${socket}: ${messageOf(cause)}. Its folder must exist and be writable.`,
      { cause },
    );
  }
  return socket;
}

async function listenOnTcp(server: Server, socket: string, options: ListenOptions): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await bind(server, options);
      const bound = server.address() as AddressInfo;
      return `${bound.address}:${bound.port}`;
    } catch (cause) {
      const taken = (cause as NodeJS.ErrnoException).code === "EADDRINUSE";
      if (taken && attempt < tcpAttempts) {
        await setTimeout(tcpRetryMs);
        continue;
      }
      throw new StartError("tool server", `Cannot listen on ${socket}: ${messageOf(cause)}.`, { cause });
    }
  }
}

/** A predecessor's port is free once its thread is torn down. */
const tcpAttempts = 40;
const tcpRetryMs = 50;

async function bind(server: Server, options: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
