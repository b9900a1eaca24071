import { cpSync, existsSync, lstatSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { insideUser } from "../inside-environment.ts";
import type { SandboxRequest } from "../sandbox.ts";
import type { VisibleFiles } from "./visible.ts";

/** Devices of the machine that are seen inside. */
export const devices = ["null", "zero", "full", "random", "urandom", "tty"] as const;

const links: Readonly<Record<string, string>> = {
  "/dev/fd": "/proc/self/fd",
  "/dev/stdin": "/proc/self/fd/0",
  "/dev/stdout": "/proc/self/fd/1",
  "/dev/stderr": "/proc/self/fd/2",
  "/dev/ptmx": "pts/ptmx",
  "/var/tmp": "/tmp",
  "/etc/mtab": "/proc/self/mounts",
};

/** The few files that are the same in every sandbox and are not the machine's. */
const own: Readonly<Record<string, string>> = {
  "/etc/passwd":
    "root:x:0:0:root:/nonexistent:/usr/sbin/nologin\n" +
    `${insideUser.name}:x:${insideUser.id}:${insideUser.id}:${insideUser.name}:/tmp/home:/bin/sh\n` +
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
  "/etc/group": `root:x:0:\n${insideUser.name}:x:${insideUser.id}:\nnogroup:x:65534:\n`,
  "/etc/hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
  "/etc/hostname": "sandbox\n",
};

/**
 * The root of all sandboxes of a run: settings, and empty folders and files that the rest is mounted on. It is made once;
 * every sandbox has it read-only.
 */
export function writeSkeleton(directory: string, visible: VisibleFiles): void {
  const at = (path: string) => join(directory, path);
  for (const path of "/old /proc /dev/pts /dev/shm /tmp /run /var /etc /workspace".split(" "))
    mkdirSync(at(path), { recursive: true });
  for (const path of visible.folders) mkdirSync(at(path), { recursive: true });
  for (const path of visible.settings) copy(path, at(path));
  for (const path of [...devices.map((name) => `/dev/${name}`), "/etc/resolv.conf"]) write(at(path), "");
  for (const [path, text] of Object.entries(own)) write(at(path), text);
  for (const { at: path, to } of visible.links) link(to, at(path));
  for (const [path, to] of Object.entries(links)) link(to, at(path));
}

/** Makes places in the root for what one sandbox sees beside the rest. Others then have them, too, and empty. */
export function writePlaces(directory: string, readOnly: SandboxRequest["readOnly"]): void {
  for (const { from, to } of readOnly) {
    const place = join(directory, to);
    if (statSync(from).isDirectory()) mkdirSync(place, { recursive: true });
    else if (!existsSync(place)) write(place, "");
  }
}

/** What this user may not read is left out: it would be no setting of programs that anybody runs. */
function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  const readable = (path: string) => {
    const facts = lstatSync(path);
    if (facts.isSymbolicLink()) return true;
    return (facts.isFile() || facts.isDirectory()) && (facts.mode & 0o004) !== 0;
  };
  cpSync(from, to, { recursive: true, verbatimSymlinks: true, filter: readable });
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o644 });
}

function link(to: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(to, path);
}
