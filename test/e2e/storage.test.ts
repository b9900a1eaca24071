import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { episodesOf, expectExit, processesOf, TemporaryFolder } from "./tollgate-process.ts";

const minutes = 60_000;

/** A file system in memory, mounted for the time of a test. */
class SmallDisk implements Disposable {
  readonly path: string;

  constructor(path: string, options: string) {
    mkdirSync(path);
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path], { stdio: "pipe" });
    this.path = path;
  }

  grow(size: string): void {
    execFileSync("mount", ["-o", `remount,size=${size}`, this.path], { stdio: "pipe" });
  }

  [Symbol.dispose](): void {
    execFileSync("umount", [this.path], { stdio: "pipe" });
  }
}

/** Whether this user may mount; without that a full and a read-only disk cannot be had. */
function mayMount(): boolean {
  using folder = new TemporaryFolder();
  const path = join(folder.path, "disk");
  mkdirSync(path);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "tmpfs", path]).status === 0;
  if (mounted) execFileSync("umount", [path]);
  return mounted;
}
const mountable = mayMount();

test(
  "an output folder that cannot be made is refused before anything starts",
  async () => {
    using place = new Workplace();
    writeFileSync(place.runs, "a file where the folder should be");
    const refused = await place.sweep();
    expectExit(refused, 3);
    expect(refused.stderr).toMatch(/Cannot create .*ENOTDIR|EEXIST.*Check --out/s);
  },
  minutes,
);

test(
  "a file system that lets nobody make a folder is refused, not waited for",
  async () => {
    using place = new Workplace();
    const refused = await place.sweep("--out", "/proc/tollgate-runs");
    expectExit(refused, 3);
    expect(refused.stderr).toMatch(/Cannot create \/proc\/tollgate-runs.*Check --out/s);
  },
  minutes,
);

test.skipIf(!mountable)(
  "a read-only output folder is refused with what to do",
  async () => {
    using place = new Workplace();
    using disk = new SmallDisk(place.runs, "ro,size=64k");
    const refused = await place.sweep("--out", disk.path);
    expectExit(refused, 3);
    expect(refused.stderr).toMatch(/read-only.*--out/s);
  },
  minutes,
);

test.skipIf(!mountable)(
  "a full disk ends the run with what to do; finished episodes survive and it can go on",
  async () => {
    using place = new Workplace({
      arms: [{ kind: "raw" }],
      workload: { domain: "library", tasks: { count: 12 } },
    });
    using disk = new SmallDisk(place.runs, "size=448k");
    const sweep = await place.sweep("--out", disk.path, ...unchecked);
    expectExit(sweep, 1);
    expect(sweep.stderr).toMatch(/disk or quota is full.*--resume/s);
    const run = lastLine(sweep);
    expect(processesOf(run.slice(run.lastIndexOf("/") + 1))).toEqual([]);
    expect(place.scratch()).toEqual([]);
    const before = episodesOf(run).map(({ episodeId }) => episodeId);
    expect([before.length > 0, before.length < 12]).toEqual([true, true]);
    disk.grow("8m");
    const resumed = await place.sweep("--out", disk.path, "--resume", run, ...unchecked);
    expect(lastLine(resumed)).toBe(run);
    const after = episodesOf(run).map(({ episodeId }) => episodeId);
    expect(after.slice(0, before.length)).toEqual(before);
    expect([after.length, new Set(after).size]).toEqual([12, 12]);
  },
  4 * minutes,
);
