import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sendSignal } from "../../bench/host/signals.ts";

/** What a test needs of the machine; where it is not there, the test is skipped and says so. */
const root = process.getuid?.() === 0;
const has = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;

/** Debian: faketime. */
export const fakeTimeLibrary = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
].find((path) => existsSync(path));
export const hasPrlimit = has("prlimit");
export const hasLoopDevices = root && has("mkfs.ext4") && spawnSync("losetup", ["-f"]).status === 0;

const memoryGroups = "/sys/fs/cgroup/memory";
export const hasMemoryGroups = root && existsSync(join(memoryGroups, "memory.limit_in_bytes"));

/** A control group whose processes together get no more memory. */
export class MemoryGroup implements AsyncDisposable {
  readonly path = join(memoryGroups, `tollgate-test-${process.pid}`);

  constructor(bytes: number) {
    mkdirSync(this.path);
    writeFileSync(join(this.path, "memory.limit_in_bytes"), String(bytes));
  }

  /** Processes that the kernel has ended for want of memory. */
  get killed(): number {
    const text = readFileSync(join(this.path, "memory.oom_control"), "utf8");
    return Number(/oom_kill (\d+)/.exec(text)?.[1] ?? 0);
  }

  /** Also of what a failed test has left, which is ended: the kernel removes no group with processes. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (let left = 50; ; left -= 1) {
      const pids = readFileSync(join(this.path, "cgroup.procs"), "utf8").split("\n").filter(Boolean);
      for (const pid of pids) sendSignal(Number(pid), "SIGKILL");
      try {
        rmdirSync(this.path);
        return;
      } catch (thrown) {
        if (left === 0) throw thrown;
        await sleep(100);
      }
    }
  }
}

/** A file system of its own in a file, mounted in a folder. */
export class LoopDisk implements Disposable {
  readonly path: string;
  readonly device: string;
  readonly #image: string;

  constructor(folder: string, megabytes: number) {
    this.path = join(folder, "disk");
    this.#image = join(folder, "disk.img");
    mkdirSync(this.path);
    execFileSync("truncate", ["-s", `${megabytes}M`, this.#image]);
    execFileSync("mkfs.ext4", ["-q", "-F", this.#image]);
    this.device = execFileSync("losetup", ["-f", "--show", this.#image], { encoding: "utf8" }).trim();
    this.mount();
  }

  mount(): void {
    execFileSync("mount", ["-o", "errors=remount-ro", this.device, this.path]);
  }

  unmount(): void {
    execFileSync("umount", ["-l", this.path]);
  }

  /** As the kernel does it where the disk gives errors: from now on nothing can be written. */
  fail(): void {
    const name = this.device.slice("/dev/".length);
    writeFileSync(`/sys/fs/ext4/${name}/trigger_fs_error`, "1");
  }

  /** Whatever writes waits, as on a disk that does not answer, until `thaw`. */
  freeze(): void {
    execFileSync("fsfreeze", ["-f", this.path]);
  }

  thaw(): void {
    spawnSync("fsfreeze", ["-u", this.path]);
  }

  repair(): void {
    this.unmount();
    spawnSync("fsck.ext4", ["-f", "-y", this.device]);
    this.mount();
  }

  [Symbol.dispose](): void {
    this.thaw();
    spawnSync("umount", ["-l", this.path]);
    spawnSync("losetup", ["-d", this.device]);
  }
}

/** A process that has as many descriptors open as it may. */
export function exhaustDescriptors(pid: number, more: number): void {
  const limit = readdirSync(`/proc/${pid}/fd`).length + more;
  execFileSync("prlimit", ["--pid", String(pid), `--nofile=${limit}:${limit}`]);
}

export function restoreDescriptors(pid: number): void {
  spawnSync("prlimit", ["--pid", String(pid), "--nofile=4096:4096"]);
}
