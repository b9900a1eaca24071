import { existsSync } from "node:fs";
import { join } from "node:path";
import { tmpBytes } from "../limits/tmp-bytes.ts";
import type { SandboxRequest } from "../sandbox.ts";
import { devices } from "./skeleton.ts";
import type { VisibleFiles } from "./visible.ts";

/** Of `/proc` what tells of the machine and not of the processes inside. */
export const maskedFiles =
  "iomem kallsyms kcore key-users keys kmsg kpagecgroup kpagecount kpageflags sched_debug slabinfo timer_list"
    .split(" ")
    .map((name) => `/proc/${name}`)
    .filter((path) => existsSync(path));

/** Lines of fstab(5) for one sandbox that is built upon the folder `root`, in the order in which they are mounted. */
export function mountTable(
  request: SandboxRequest,
  machine: { readonly root: string; readonly visible: VisibleFiles; readonly resolver: string | null },
): string {
  const { root, visible } = machine;
  const readOnly = "ro,nosuid,nodev";
  const see = (from: string, to: string, options: string) =>
    [from, join(root, to), "none", `rbind,${options}`].map(escaped).join(" ");
  const fresh = (type: string, to: string, options: string) =>
    [type, join(root, to), type, options].map(escaped).join(" ");
  const lines = [
    `${escaped(root)} ${escaped(root)} none bind,nosuid,nodev`,
    ...visible.folders.map((path) => see(path, path, readOnly)),
    ...visible.covered.map((path) => fresh("tmpfs", path, "ro,nosuid,nodev,size=4k,mode=755")),
    ...visible.coveredFiles.map((path) => see("/dev/null", path, "ro,nosuid")),
    ...(request.network && machine.resolver !== null
      ? [see(machine.resolver, "/etc/resolv.conf", readOnly)]
      : []),
    ...devices.map((name) => see(`/dev/${name}`, `/dev/${name}`, "nosuid,noexec")),
    fresh("devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=620,nosuid,noexec"),
    fresh("tmpfs", "/dev/shm", "size=64m,mode=1777,nosuid,nodev"),
    fresh("tmpfs", "/tmp", `size=${tmpBytes(request.limits)},mode=1777,nosuid,nodev`),
    fresh("proc", "/proc", "nosuid,nodev,noexec"),
    ...maskedFiles.map((path) => see("/dev/null", path, "ro,nosuid")),
    see(request.workspace, "/workspace", "nosuid,nodev"),
    ...request.readOnly.map(({ from, to }) => see(from, to, readOnly)),
  ];
  return `${lines.join(" 0 0\n")} 0 0\n`;
}

/** Fields of fstab(5) are separated by white space. */
function escaped(field: string): string {
  return field.replaceAll(
    /[\s\\#]/g,
    (character) => `\\${(character.codePointAt(0) ?? 0).toString(8).padStart(3, "0")}`,
  );
}
