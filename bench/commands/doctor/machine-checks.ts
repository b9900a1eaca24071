import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { cgroupLimits } from "../../host/cgroup-limits.ts";
import { freePort, isPortTaken } from "../../host/free-port.ts";
import { messageOf } from "../../errors.ts";
import { readText } from "../../host/read-text.ts";
import { makeRealTime } from "../../measure/real-time.ts";
import { readProcessorTime, stolenShare } from "../../measure/stolen-time.ts";
import { found, gibibytes, problem, type DoctorCheck, type DoctorFinding } from "./finding.ts";

/** What measured times depend on. */
export const machineChecks: readonly DoctorCheck[] = [
  () => Promise.resolve([processorFinding(processors())]),
  async ({ wait }) => {
    const before = readProcessorTime();
    await wait(1_000);
    return [stealFinding(stolenShare(before, readProcessorTime()))];
  },
  () => Promise.resolve([memoryFinding(availableBytes())]),
  async ({ environment }) => [await schedulingFinding(environment)],
  async ({ wait }) => [clockFinding(clockSource(), await timerLatenessMs(wait))],
  async () => [await portFinding(defaultPorts)],
  () => Promise.resolve([openFilesFinding(openFilesMax())]),
];

interface Processors {
  readonly count: number;
  readonly model: string;
  /** What the control group allows; null without a limit. */
  readonly limit: number | null;
  /** Mean number of runnable processes in the last minute. */
  readonly load: number;
  readonly governors: readonly string[];
}

function processors(): Processors {
  const all = cpus();
  const governors = globSync("/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor").flatMap(
    (path) => readText(path)?.trim() ?? [],
  );
  return {
    count: all.length,
    model: all[0]?.model.trim() ?? "unknown",
    limit: cgroupLimits().cpus,
    load: loadavg()[0] ?? 0,
    governors: [...new Set(governors)],
  };
}

export function processorFinding({ count, model, limit, load, governors }: Processors): DoctorFinding {
  const usable = limit === null ? count : Math.min(count, limit);
  const limited = limit !== null && limit < count ? `, of which the control group allows ${limit}` : "";
  const what = `${count} x ${model}${limited}; load ${load.toFixed(1)}`;
  if (load > usable / 2)
    return problem("processors", "warning", {
      what,
      change: "Others compute here: end them before measuring, or every latency holds their share.",
    });
  if (governors.includes("powersave"))
    return problem("processors", "warning", {
      what: `${what}; frequency governor powersave`,
      change: "cpupower frequency-set -g performance: a processor that wakes up slowly is in every stamp.",
    });
  if (usable < 4)
    return problem("processors", "warning", {
      what,
      change:
        "Few for the default agent: one OpenClaw process needs a core for five to six turns a second. Keep sweep.concurrency low, or use agent.kind: native.",
    });
  return found("processors", what);
}

export function stealFinding(share: number | null): DoctorFinding {
  if (share === null)
    return problem("steal time", "absent", {
      what: "this system does not tell whether a hypervisor takes processors away",
      change: "tollgate selftest shows how far times can be trusted here.",
    });
  const what = `a hypervisor took ${(100 * share).toFixed(1)} % of the processors' time in one second`;
  if (share < 0.01) return found("steal time", what);
  return problem("steal time", "warning", {
    what,
    change: `${share >= 0.1 ? "Cells will be client-limited. " : ""}Measure on a machine of your own, or when its neighbours are quiet; tollgate selftest shows what is left.`,
  });
}

function availableBytes(): number | null {
  const kibibytes = /^MemAvailable:\s+(\d+) kB/m.exec(readText("/proc/meminfo") ?? "")?.[1];
  if (kibibytes === undefined) return null;
  return Math.min(Number(kibibytes) * 1024, cgroupLimits().memoryBytes ?? Number.POSITIVE_INFINITY);
}

const memoryMinBytes = 2 * 2 ** 30;

export function memoryFinding(available: number | null): DoctorFinding {
  if (available === null)
    return problem("memory", "absent", { what: "free memory is not known here", change: "Look yourself." });
  const what = `${gibibytes(available)} available`;
  return available >= memoryMinBytes
    ? found("memory", what)
    : problem("memory", "warning", {
        what,
        change:
          "An OpenClaw process takes some 400 MiB, the driver as much: free some, or use agent.kind: native.",
      });
}

/** A process that does nothing is asked for, as taps will be. */
async function schedulingFinding(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<DoctorFinding> {
  const idle = spawn(process.execPath, ["-e", "setTimeout(() => {}, 20000)"], { stdio: "ignore", env: {} });
  try {
    await once(idle, "spawn");
    const scheduling = await makeRealTime(idle.pid ?? null, environment);
    if (scheduling.policy === "real-time")
      return found("real time", "what takes stamps may run in real time");
    return problem("real time", "warning", {
      what: `not granted: ${scheduling.why}`,
      change:
        "Everything works; stamps may be late by milliseconds where processors are busy. Install util-linux (chrt), and run as root or grant CAP_SYS_NICE (docker run --cap-add SYS_NICE).",
    });
  } finally {
    idle.kill("SIGKILL");
  }
}

function clockSource(): string | null {
  const path = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
  return readText(path)?.trim() ?? null;
}

const timerMs = 10;

/** How much later than asked for a timer fires: the worst of some. */
async function timerLatenessMs(wait: (ms: number) => Promise<unknown>): Promise<number> {
  let worst = 0;
  for (let round = 0; round < 20; round += 1) {
    const startedMs = performance.now();
    await wait(timerMs);
    worst = Math.max(worst, performance.now() - startedMs - timerMs);
  }
  return worst;
}

/** Each reading of these asks a device, or the hypervisor. */
const slowClocks = /^(hpet|acpi_pm|jiffies|refined-jiffies|pit)$/;
const latenessMaxMs = 5;

export function clockFinding(source: string | null, latenessMs: number): DoctorFinding {
  const what = `clock source ${source ?? "unknown"}; timers of ${timerMs} ms fired up to ${latenessMs.toFixed(1)} ms late`;
  if (source !== null && slowClocks.test(source))
    return problem("clock", "warning", {
      what,
      change:
        "A reading of this clock takes microseconds: boot with clocksource=tsc where the machine allows it.",
    });
  if (latenessMs > latenessMaxMs)
    return problem("clock", "warning", {
      what,
      change:
        "This process does not get a processor when it wants one: others compute here, or the hypervisor takes it.",
    });
  return found("clock", what);
}

/** Ports that examples and experiments name. */
const defaultPorts = [30_000, 30_001, 8_080];

async function portFinding(ports: readonly number[]): Promise<DoctorFinding> {
  try {
    await freePort();
  } catch (error) {
    return problem("ports", "failed", {
      what: `nothing can listen on 127.0.0.1: ${messageOf(error)}`,
      change: "Taps, gateway and simulated engines listen there: allow it (sandbox, ip link set lo up).",
    });
  }
  const taken: number[] = [];
  for (const port of ports) if (await isPortTaken(port)) taken.push(port);
  const free = "free ports on 127.0.0.1 can be had";
  if (taken.length === 0) return found("ports", free);
  return found(
    "ports",
    `${free}; taken: ${taken.join(", ")} (your servers, or another --port for simulate and gateway)`,
  );
}

function openFilesMax(): number | null {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readText("/proc/self/limits") ?? "")?.[1];
  if (soft === undefined) return null;
  return soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
}

const filesMin = 4_096;

export function openFilesFinding(soft: number | null): DoctorFinding {
  if (soft === null)
    return problem("open files", "absent", {
      what: "the limit is not known here",
      change: "ulimit -n shows it.",
    });
  const what = `${Number.isFinite(soft) ? soft : "any number of"} open files a process`;
  return soft >= filesMin
    ? found("open files", what)
    : problem("open files", "warning", {
        what,
        change: `A tap needs four for each request in flight: ulimit -n 65536 before a sweep with many.`,
      });
}
