import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { StartError } from "../errors.ts";

/** Listens with a server that plays a model server; resolves to its base URL. @throws StartError of this part when the port cannot be had */
export async function listenAt(
  server: Server,
  { host, port, part }: { readonly host: string; readonly port: number; readonly part: string },
): Promise<string> {
  // Clients that keep connections longer than Node's default of 5 s would meet resets that no model server causes.
  server.keepAliveTimeout = 75_000;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (cause: NodeJS.ErrnoException) => {
    const why = cause.code === "EADDRINUSE" ? "the port is taken" : cause.message;
    const hint = "choose another --port, or 0 for a free one";
    reject(new StartError(part, `cannot listen on ${host}:${port}: ${why}; ${hint}`, { cause }));
  });
  server.listen(port, host, resolve);
  await promise;
  const { port: actual } = server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${actual}`;
}

/** Stops listening, lets running requests end within `graceMs`, then closes their connections. */
export async function closeWithin(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
