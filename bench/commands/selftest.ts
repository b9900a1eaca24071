import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { gitFacts, hostFacts } from "../host/host-facts.ts";
import { exitCodes } from "../exit-codes.ts";
import { LoadThread } from "../load/load-thread.ts";
import { systemClock } from "../measure/clock.ts";
import { schedulingText } from "../measure/real-time.ts";
import { readProcessorTime, stolenShare, type ProcessorTime } from "../measure/stolen-time.ts";
import { tollgateVersion } from "../own-files.ts";
import { fullExtent, quickExtent } from "../selftest/selftest-size.ts";
import { limits } from "../selftest/limits.ts";
import { selftestText, type SelftestMachine } from "../selftest/selftest-text.ts";
import { runSelftest, type SelftestResult } from "../selftest/selftest.ts";
import { startSupervisor } from "../supervisor/supervisor.ts";
import type { Host } from "./host.ts";

interface Flags {
  readonly json?: boolean;
  readonly quick?: boolean;
}

export function register(program: Command, host: Host): void {
  program
    .command("selftest")
    .description(
      "measure Tollgate's own errors on simulated engines and a gateway whose delay is known; exit code 1 when a limit is missed",
    )
    .option(
      "--quick",
      "half a minute instead of six (twenty where a hypervisor takes the processors): fewer requests, wider intervals",
    )
    .option("--json", "print JSON")
    .addHelpText("after", explanation)
    .action(async (flags: Flags) => {
      const quick = flags.quick === true;
      const before = { load: loadavg()[0] ?? 0, processors: readProcessorTime() };
      const scheduling = new Map<string, string>();
      const result = await measure(host, quick, scheduling);
      if (typeof result === "string") return host.setExitCode(exitCodes[result]);
      const machine = await machineOf(before, scheduling);
      host.print(
        flags.json
          ? JSON.stringify(
              { v: 1, machine, quick, ok: result.missed.length === 0, limits, ...result },
              null,
              2,
            )
          : selftestText(result, machine, quick),
      );
      host.setExitCode(result.missed.length === 0 ? exitCodes.ok : exitCodes.resultInvalid);
    });
}

const explanation = `
The engine and the delay gateway write down themselves what they did and when; they share no code with what measures.
Numbers hold for this machine and its present load: run it where you measure, and keep its output beside your results.`;

/** Or which signal ended it. */
async function measure(
  host: Host,
  quick: boolean,
  scheduling: Map<string, string>,
): Promise<SelftestResult | "sigint" | "sigterm"> {
  const directory = await mkdtemp(join(tmpdir(), "tollgate-selftest-"));
  const scratch = await mkdtemp(join(tmpdir(), "tg-"));
  await mkdir(join(directory, "logs"));
  const supervisor = startSupervisor({
    runId: `selftest-${randomBytes(4).toString("hex")}`,
    supervisorId: randomUUID(),
    scratchDirectory: scratch,
    logFile: join(directory, "logs", "supervisor.log"),
  });
  const stop = new AbortController();
  let stoppedBy: "sigint" | "sigterm" | null = null;
  const onSignal = (name: "sigint" | "sigterm") => () => {
    stoppedBy = name;
    stop.abort();
  };
  process.once("SIGINT", onSignal("sigint"));
  process.once("SIGTERM", onSignal("sigterm"));
  try {
    await using sender = new LoadThread(host.environment);
    scheduling.set("client", schedulingText(await sender.scheduling));
    const { PATH = "" } = host.environment;
    const rig = {
      environment: { PATH, ...supervisor.environment },
      directory: join(directory, "logs"),
      sender,
      processors: () => readProcessorTime(),
      pauseMs: 1_000,
      announce: host.tell,
      scheduling,
      keeper: supervisor,
      signal: stop.signal,
    };
    return await runSelftest(rig, quick ? quickExtent : fullExtent);
  } catch (error) {
    if (stoppedBy === null) throw error;
    return stoppedBy;
  } finally {
    await supervisor.shutdown();
    await rm(directory, { recursive: true });
  }
}

async function machineOf(
  before: { readonly load: number; readonly processors: ProcessorTime | null },
  scheduling: ReadonlyMap<string, string>,
): Promise<SelftestMachine> {
  const host = await hostFacts();
  const git = await gitFacts();
  return {
    date: systemClock.wallIso(),
    tollgate:
      git === null
        ? tollgateVersion()
        : `${git.revision.slice(0, 12)}${git.dirty ? " with uncommitted changes" : ""}`,
    node: process.version,
    cpu: host.cpuModel,
    cpuCount: host.cpuCount,
    load: { before: before.load, after: loadavg()[0] ?? 0 },
    stolenShare: stolenShare(before.processors, readProcessorTime()),
    scheduling: Object.fromEntries(scheduling),
  };
}
