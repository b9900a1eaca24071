import { mkdtempSync, appendFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EpisodeCounter } from "../../../scripts/soak/episode-counter.ts";
import { processName, readProcesses } from "../../../scripts/soak/observed-processes.ts";
import { soakChart } from "../../../scripts/soak/soak-chart.ts";
import { SoakLog } from "../../../scripts/soak/soak-log.ts";

/** A driver that grows by 2 MB an episode after a start of its own, and two gateways that keep their size. */
function grownLog(): SoakLog {
  const log = new SoakLog();
  for (let at = 0; at <= 100; at += 1) {
    const driver = {
      name: "driver",
      megabytes: at < 10 ? 50 : 100 + 2 * at,
      descriptors: 20,
      cpuSeconds: 3 + at,
    };
    const gateway = { name: "openclaw", megabytes: 500, descriptors: 7, cpuSeconds: at % 50 };
    log.add({ seconds: at * 30, episodes: at, processes: [driver, gateway, gateway] });
  }
  return log;
}

test("growth is the slope behind the start, and processes of one name count together", () => {
  const [driver, openclaw] = grownLog().growth("megabytes");
  expect(driver?.name).toBe("driver");
  expect(driver?.perThousand).toBeCloseTo(2000, 6);
  expect(driver?.last).toBeGreaterThan(driver?.first ?? Number.POSITIVE_INFINITY);
  expect(openclaw).toEqual({ name: "openclaw", first: 1000, last: 1000, perThousand: 0 });
  expect(
    grownLog()
      .growth("descriptors")
      .map(({ last }) => last),
  ).toEqual([20, 14]);
  expect(
    new Set(
      grownLog()
        .speed()
        .map(([, speed]) => speed),
    ),
  ).toEqual(new Set([2]));
});

test("what the driver takes for the report, when all episodes have ended, is no growth and no episode's time", () => {
  const log = new SoakLog();
  const driver = (megabytes: number, cpuSeconds: number) => [
    { name: "driver", megabytes, descriptors: 20, cpuSeconds },
  ];
  for (let at = 0; at < 100; at += 1)
    log.add({ seconds: at * 25, episodes: at, processes: driver(100 + 2 * at, at) });
  for (const seconds of [2490, 2500, 2530])
    log.add({ seconds, episodes: 100, processes: driver(5000, seconds / 15) });
  expect(log.growth("megabytes")[0]?.perThousand).toBeCloseTo(2000, 6);
  expect(new Set(log.cpuMsPerEpisode()[0]?.points.map(([, ms]) => ms))).toEqual(new Set([1000]));
  expect(new Set(log.speed().map(([, speed]) => speed))).toEqual(new Set([2.4]));
});

test("CPU is told by the episode, and not where a process began anew", () => {
  const [driver, openclaw] = grownLog().cpuMsPerEpisode();
  expect(driver?.points).toHaveLength(99);
  expect(new Set(driver?.points.map(([, ms]) => ms))).toEqual(new Set([1000]));
  expect(openclaw?.points).toHaveLength(98);
  expect(new Set(openclaw?.points.map(([, ms]) => ms))).toEqual(new Set([2000]));
});

test("the chart has a line for every process, and names that hold markup stay text", () => {
  const chart = soakChart(
    [...grownLog().panels(), { title: "a < b", lines: [{ name: "<b>", points: [[0, 1]] }] }],
    "episodes",
  );
  expect(chart.match(/<polyline /g)).toHaveLength(8);
  expect(chart).toContain("a &lt; b");
  expect(chart).not.toContain("<b>");
  expect(grownLog().csv().split("\n")[1]).toBe("0.0,0,driver,50.0,20,3.00");
});

test("episodes are counted in a file that grows, also where it was read in the middle of a line", () => {
  const folder = mkdtempSync(join(tmpdir(), "soak-"));
  const path = join(folder, "records.jsonl");
  const counter = new EpisodeCounter(path);
  expect(counter.count()).toBe(0);
  appendFileSync(path, '{"type":"run-started"}\n{"type":"episode"}\n{"type":"epi');
  expect(counter.count()).toBe(1);
  appendFileSync(path, 'sode"}\n');
  expect(counter.count()).toBe(2);
  expect(counter.count()).toBe(2);
  rmSync(folder, { recursive: true });
});

test("this process is read as a driver, and parts are known by their command lines", () => {
  const [own] = readProcesses(process.pid, "no such run");
  expect(own?.name).toBe("driver");
  expect(own?.megabytes).toBeGreaterThan(10);
  expect(own?.descriptors).toBeGreaterThan(2);
  const { user, system } = process.cpuUsage();
  expect(own?.cpuSeconds).toBeGreaterThan(0);
  expect(own?.cpuSeconds).toBeLessThan((user + system) / 1e6 + 0.1);
  expect(processName("/x/node /x/bench/tap/program.ts")).toBe("taps");
  expect(processName("node main.ts simulate --role user --port 0")).toBe("user engine");
});
