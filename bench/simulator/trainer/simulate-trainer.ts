import { once } from "node:events";
import { TrainerServer } from "./server.ts";
import { TrainerCore, type TrainerIo, type TrainerOptions } from "./core/trainer-core.ts";

/** Time that running requests get to end after the stop signal. */
const stopGraceMs = 2000;

/**
 * Runs a simulated trainer until `io.signal` aborts. Prints one line of JSON `{"url":"…","pid":N}` when it is ready.
 * @throws ConfigError for a state folder that cannot be used, StartError when the port cannot be had
 */
export async function runTrainer(options: TrainerOptions, io: TrainerIo): Promise<void> {
  const core = new TrainerCore(options, io);
  const server = new TrainerServer(core);
  const url = await server.listen(options.host, options.port);
  io.out(JSON.stringify({ url, pid: io.pid }));
  if (!io.signal.aborted) await once(io.signal, "abort");
  await server.close(stopGraceMs);
  core.close();
}
