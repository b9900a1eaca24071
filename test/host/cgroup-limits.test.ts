import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { cgroupLimits } from "../../bench/host/cgroup-limits.ts";

function root(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-cgroup-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${text}\n`);
  }
  return folder;
}

test("version 2: the tightest limit on the way to the root counts", () => {
  const folder = root({
    "proc/self/cgroup": "0::/user.slice/job",
    "sys/fs/cgroup/user.slice/memory.max": "8589934592",
    "sys/fs/cgroup/user.slice/job/memory.max": "max",
    "sys/fs/cgroup/user.slice/job/cpu.max": "250000 100000",
    "sys/fs/cgroup/user.slice/cpu.max": "max 100000",
  });
  expect(cgroupLimits(folder)).toEqual({ memoryBytes: 8_589_934_592, cpus: 2.5 });
});

test("version 1: a quota of -1 and the largest number are no limits", () => {
  const limits = (memory: string, quota: string) =>
    cgroupLimits(
      root({
        "proc/self/cgroup": "9:name=systemd:/\n4:memory:/job\n1:cpu,cpuacct:/job",
        "sys/fs/cgroup/memory/job/memory.limit_in_bytes": memory,
        "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": quota,
        "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000",
      }),
    );
  expect(limits("9223372036854771712", "-1")).toEqual({ memoryBytes: null, cpus: null });
  expect(limits("4294967296", "150000")).toEqual({ memoryBytes: 4_294_967_296, cpus: 1.5 });
});

test("a machine without control groups does not tell", () => {
  expect(cgroupLimits(root({ empty: "" }))).toEqual({ memoryBytes: null, cpus: null });
});
