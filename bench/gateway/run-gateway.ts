import { once } from "node:events";
import { Gateway } from "./gateway.ts";
import type { GatewayIo, GatewayOptions } from "./options.ts";

/**
 * Runs the gateway until `io.signal` is aborted. Prints the ready line `{"url","pid"}` when it serves.
 * @throws {StartError} when the port is taken
 */
export async function runGateway(options: GatewayOptions, io: GatewayIo): Promise<void> {
  await using gateway = await Gateway.start(options, io);
  io.out(JSON.stringify({ url: gateway.url, pid: io.pid }));
  if (!io.signal.aborted) await once(io.signal, "abort");
}
