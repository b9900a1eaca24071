import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { expectEveryEpisodeOnce } from "../e2e/killed-driver.ts";
import { fastEngine, lastLine, slowStack, unchecked, Workplace } from "../e2e/small-experiment.ts";
import { episodesOf, expectExit, pause, processesOf } from "../e2e/tollgate-process.ts";
import {
  exhaustDescriptors,
  fakeTimeLibrary,
  hasLoopDevices,
  hasMemoryGroups,
  hasPrlimit,
  LoopDisk,
  MemoryGroup,
  restoreDescriptors,
} from "./machine.ts";

/** What a machine does to a run: its clock, its memory, its disk, its limits. Nothing is lost, and whoever failed is named. */
const minutes = 60_000;
const idOf = (run: string) => run.slice(run.lastIndexOf("/") + 1);
const count = (run: string) =>
  existsSync(join(run, "records.jsonl"))
    ? readFileSync(join(run, "records.jsonl"), "utf8").split('"type":"episode"').length - 1
    : 0;

async function expectGone(place: Workplace, run: string): Promise<void> {
  const until = Date.now() + 10_000;
  while ((processesOf(idOf(run)).length > 0 || place.scratch().length > 0) && Date.now() < until)
    await pause(50);
  expect([processesOf(idOf(run)), place.scratch()]).toEqual([[], []]);
}

const small = {
  stack: slowStack,
  arms: [{ kind: "raw" }],
  workload: { domain: "library", tasks: { count: 6 }, trials: 3 },
  limits: { failures: 0 },
};

describe.skipIf(fakeTimeLibrary === undefined)("a clock that is set", () => {
  test.each([
    ["an hour ahead and two back", ["+3600", "-7200"]],
    ["a day back and a week ahead", ["-86400", "+604800"]],
  ])(
    "%s in a run: no second driver gets in, and times stay what they were",
    async (_name, steps) => {
      using place = new Workplace(small);
      const clock = join(place.path, "clock");
      writeFileSync(clock, "+0\n");
      const environment = {
        ...place.environment,
        LD_PRELOAD: fakeTimeLibrary ?? "",
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      };
      const { TollgateProcess } = await import("../e2e/tollgate-process.ts");
      await using driver = new TollgateProcess(
        ["sweep", place.file, "--out", place.runs, ...unchecked],
        environment,
      );
      const run = await driver.runDirectory();
      for (const step of steps) {
        const before = count(run);
        await driver.until(() => count(run) > before, { what: "another episode" });
        writeFileSync(clock, `${step}\n`);
        const second = await place.sweep(...unchecked, "--resume", run);
        expectExit(second, 5);
        expect(second.stderr).toMatch(/is being written by process \d+/);
      }
      const ended = await driver.finished();
      expect(ended.stderr).not.toMatch(/bug in Tollgate/);
      expect([0, 1]).toContain(ended.code);
      expectEveryEpisodeOnce(run);
      for (const { startedNs, endedNs } of episodesOf(run)) {
        expect(endedNs).toBeGreaterThan(startedNs);
        expect(endedNs - startedNs).toBeLessThan(120e9);
      }
      await expectGone(place, run);
    },
    5 * minutes,
  );
});

describe.skipIf(!hasMemoryGroups)("memory that ends", () => {
  test.each([120, 150, 200, 250])(
    "at %i MB: what the kernel ends is told or cleaned up, and the run goes on later",
    async (megabytes) => {
      using place = new Workplace(small);
      {
        await using group = new MemoryGroup(megabytes << 20);
        const words = [
          process.execPath,
          "bench/main.ts",
          "sweep",
          place.file,
          "--out",
          place.runs,
          ...unchecked,
        ];
        const quoted = words.map((word) => `'${word}'`).join(" ");
        const child = spawn("sh", ["-c", `echo $$ > ${group.path}/cgroup.procs; exec ${quoted}`], {
          env: { ...process.env, ...place.environment },
          stdio: ["ignore", "pipe", "pipe"],
        });
        let said = "";
        child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
        child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
        await once(child, "close");
        // Else nothing was tried.
        expect(group.killed).toBeGreaterThan(0);
        expect(said).not.toMatch(/bug in Tollgate/);
        const run = /^run directory: (.+)$/m.exec(said)?.[1];
        if (run === undefined) {
          // It did not come so far as to have one.
          await pause(1_000);
          return;
        }
        await expectGone(place, run);
        const resumed = await place.sweep(...unchecked, "--resume", run);
        expect([0, 1]).toContain(resumed.code);
        expectEveryEpisodeOnce(run);
        await pause(500);
      }
    },
    5 * minutes,
  );
});

describe.skipIf(!hasLoopDevices)("a disk", () => {
  test(
    "that stands still for eight seconds three times: nothing is lost, and no request has taken longer for it",
    async () => {
      using place = new Workplace(small);
      using disk = new LoopDisk(place.path, 64);
      await using driver = place.start(...unchecked, "--out", disk.path);
      const run = await driver.runDirectory();
      for (let stop = 0; stop < 3; stop += 1) {
        const before = count(run);
        await driver.until(() => count(run) > before, { what: "another episode" });
        disk.freeze();
        await pause(8_000);
        disk.thaw();
      }
      const ended = await driver.finished();
      expect([0, 1]).toContain(ended.code);
      expectEveryEpisodeOnce(run);
      const longestMs = longestRequestMs(run);
      expect(longestMs).toBeGreaterThan(0);
      expect(longestMs).toBeLessThan(6_000);
      await expectGone(place, run);
    },
    5 * minutes,
  );

  test(
    "that becomes read-only in a run ends it with what to do, and it goes on when it is repaired",
    async () => {
      using place = new Workplace(small);
      using disk = new LoopDisk(place.path, 64);
      await using driver = place.start(...unchecked, "--out", disk.path);
      const run = await driver.runDirectory();
      await driver.until(() => count(run) > 2, { what: "three episodes" });
      disk.fail();
      const ended = await driver.finished();
      expect([1, 3]).toContain(ended.code);
      expect(ended.stderr).not.toMatch(/bug in Tollgate/);
      expect(ended.stderr).toMatch(/read-only|EROFS|EIO|disk reported an error/);
      await expectGone(place, run);
      const before = episodesOf(run).map(({ episodeId }) => episodeId);
      disk.repair();
      const resumed = await place.sweep(...unchecked, "--out", disk.path, "--resume", run);
      expect([0, 1]).toContain(resumed.code);
      expectEveryEpisodeOnce(run);
      expect(
        episodesOf(run)
          .slice(0, before.length)
          .map(({ episodeId }) => episodeId),
      ).toEqual(before);
    },
    5 * minutes,
  );
});

/** The longest of all requests, at any tap. */
function longestRequestMs(run: string): number {
  const files = readdirSync(join(run, "evidence"), { recursive: true, encoding: "utf8" });
  const timings = files
    .filter((file) => file.endsWith("taps.ndjson"))
    .flatMap((file) =>
      readFileSync(join(run, "evidence", file), "utf8")
        .trimEnd()
        .split("\n"),
    )
    .map((line) => JSON.parse(line) as { startedNs: number; endedNs: number });
  return Math.max(...timings.map(({ startedNs, endedNs }) => (endedNs - startedNs) / 1e6));
}

describe.skipIf(!hasPrlimit)("descriptors that end", () => {
  const parts = [
    ["tap", /tap\/program/, /^(tap|harness)$/],
    ["gateway", /main\.ts gateway /, /^(gateway)$/],
    ["agent engine", /simulate --role agent/, /^(engine)$/],
    ["user engine", /simulate --role user/, /^(user-engine|user|harness|engine|tap)$/],
    ["driver", null, /^(harness|tap|tool-server|gateway)$/],
  ] as const;
  test.each(parts)(
    "in the %s: whose they are is named, nothing crashes, and the rest is as ever",
    async (name, pattern, blamed) => {
      using place = new Workplace({
        ...small,
        stack: { kind: "embedded", agent: { ...fastEngine, decodeStepMs: 5 }, user: fastEngine },
        arms: [{ kind: "raw" }, { kind: "gateway", level: "L1" }],
        sweep: { concurrency: [12] },
      });
      await using driver = place.start(...unchecked);
      const run = await driver.runDirectory();
      await driver.until(() => count(run) > 1, { what: "two episodes" });
      const pid =
        pattern === null
          ? driver.child.pid
          : processesOf(idOf(run)).find((one) =>
              pattern.test(readFileSync(`/proc/${one}/cmdline`, "utf8").replaceAll("\0", " ")),
            );
      if (pid === undefined) throw new Error(`there is no ${name}`);
      exhaustDescriptors(pid, 0);
      await pause(3_000);
      restoreDescriptors(pid);
      const ended = await driver.finished();
      expect(ended.stderr).not.toMatch(/bug in Tollgate/);
      expect([0, 1, 3, 4]).toContain(ended.code);
      const failures = episodesOf(run).flatMap(({ failure }) => failure ?? []);
      expect(failures.filter((failure) => !blamed.test(failure.class)).slice(0, 3)).toEqual([]);
      process.stdout.write(
        `${name}: code ${ended.code}, ${failures.length} failed, ${failures[0]?.class}: ${failures[0]?.message.slice(0, 200)}\n`,
      );
      await expectGone(place, run);
      const ids = episodesOf(run).map(({ episodeId }) => episodeId);
      expect(new Set(ids).size).toBe(ids.length);
      // What failed is done again unasked where too much did; the later record counts.
      await place.sweep(...unchecked, "--resume", run, "--redo", "failed");
      const { cells } = JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as {
        cells: { episodeIds: string[] }[];
      };
      const played = new Map(episodesOf(run).map((episode) => [episode.episodeId, episode.status]));
      expect([...played.keys()].toSorted()).toEqual(cells.flatMap(({ episodeIds }) => episodeIds).toSorted());
      expect([...played.values()].filter((status) => status === "failed")).toEqual([]);
      expect(lastLine(ended) === "" || lastLine(ended) === run).toBe(true);
    },
    5 * minutes,
  );
});
