import type { Environment } from "../../openclaw-tau2/tau2/contract/domain.ts";
import type { LoadOptions } from "../../openclaw-tau2/tau2/contract/load-options.ts";
import { loadDomain } from "../../openclaw-tau2/tau2/loading/load.ts";

/**
 * `node --expose-gc airline-environments-program.ts LOAD_OPTIONS`: reads the airline data, makes 64 environments, writes
 * to each, and prints seconds and memory: what the process grew by altogether, and what the environments keep alive.
 */
const options = JSON.parse(process.argv[2] ?? "") as LoadOptions;
const secondsSince = (startedNs: bigint) => Number(process.hrtime.bigint() - startedNs) / 1e9;

globalThis.gc?.();
const residentAtStart = process.memoryUsage.rss();
const loading = process.hrtime.bigint();
const domain = loadDomain(options);
const loadSeconds = secondsSince(loading);
const liveWithData = liveBytes();

const write = {
  name: "cancel_reservation",
  requestor: "assistant",
  argumentsText: '{"reservation_id": "EHGLP3"}',
} as const;
const creating = process.hrtime.bigint();
const environments: Environment[] = [];
for (let made = 0; made < 64; made += 1) {
  const environment = domain.createEnvironment();
  const { error, content } = environment.call(write);
  if (error) throw new Error(`the write was refused: ${content}`);
  environments.push(environment);
}
const createSeconds = secondsSince(creating);
const residentMegabytes = (process.memoryUsage.rss() - residentAtStart) / 1e6;
const environmentMegabytes = (liveBytes() - liveWithData) / 1e6;
// Asked of each, so that none of them can have been collected before the memory was read.
const hashes = new Set(environments.map((environment) => environment.agentHash()));
if (hashes.size !== 1) throw new Error("equal writes left different databases");
process.stdout.write(
  `${JSON.stringify({ loadSeconds, createSeconds, residentMegabytes, environmentMegabytes })}\n`,
);

/** Resident memory cannot tell this: reading the data leaves free pages behind that the environments then use. */
function liveBytes(): number {
  if (globalThis.gc === undefined) throw new Error("start it with --expose-gc");
  // One collection leaves behind what only finalizers and bytecode flushing free.
  for (let collection = 0; collection < 4; collection += 1) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
