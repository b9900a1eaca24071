/**
 * The simulated engine under SGLang's own command line: `python3 -m sglang.launch_server …`. It is the `python3` of the
 * image in docker/simulated-sglang/, so that the launcher of the real server is what starts it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError, StartError } from "../../errors.ts";
import { runSimulator } from "../simulate.ts";
import { parseFlags, type FlagValues } from "./argparse.ts";
import { launchServerFlags } from "./launch-server-flags.ts";
import { ignoresSigterm, launchOf, loadFailure, loadTimeMs } from "./launch-server.ts";

/** A server's own log line, as SGLang's look. */
function log(text: string): void {
  process.stderr.write(`[${new Date().toISOString().slice(0, 19).replace("T", " ")}] ${text}\n`);
}

function stopSignal(): AbortSignal {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.on("SIGTERM", () => {
    if (ignoresSigterm(process.env)) log("ignored SIGTERM");
    else stop.abort();
  });
  return stop.signal;
}

async function serve(flags: FlagValues): Promise<void> {
  const { options, serverInfo } = launchOf(flags, process.env);
  const signal = stopSignal();
  const shown = Object.entries(flags).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  log(`server_args=ServerArgs(${shown.join(", ")})`);
  log("This is Tollgate's simulator, not SGLang.");
  log("Load weight begin. avail mem=79.10 GB");
  await sleep(loadTimeMs(process.env), undefined, { signal }).catch(() => undefined);
  const failure = loadFailure(flags, process.env);
  if (failure !== null) {
    log(`Scheduler hit an exception: ${failure}`);
    process.exitCode = 1;
    return;
  }
  log("Load weight end. type=Simulator, dtype=none, avail mem=79.10 GB, mem usage=0.00 GB.");
  await runSimulator(options, {
    out: () => log("The server is fired up and ready to roll!"),
    err: log,
    clockNs: () => Number(process.hrtime.bigint()),
    pid: process.pid,
    cpuSeconds: () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
    signal,
    die: () => process.kill(process.pid, "SIGKILL"),
    serverInfo,
  });
}

const [dashM, module, ...argv] = process.argv.slice(2);
try {
  if (dashM !== "-m" || module !== "sglang.launch_server") {
    process.stderr.write(`python3: only -m sglang.launch_server is in this image, not ${dashM} ${module}\n`);
    process.exitCode = 1;
  } else await serve(parseFlags(argv, "launch_server.py", launchServerFlags));
} catch (error) {
  if (!(error instanceof ConfigError) && !(error instanceof StartError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof StartError ? 1 : 2;
}
