import { existsSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ownRoot } from "../../own-files.ts";
import type { SandboxContext } from "../context.ts";
import { writeSkeleton } from "./skeleton.ts";
import { visibleFiles, type VisibleFiles } from "./visible.ts";

/** What all sandboxes of a run that are made of namespaces share. */
export interface PreparedRoot {
  readonly scratch: string;
  readonly skeleton: string;
  readonly visible: VisibleFiles;
}

export function prepareRoot(context: SandboxContext): PreparedRoot {
  const scratch = join(realpathSync(context.scratchDirectory), "sandbox");
  const home = context.childEnvironment["HOME"];
  const visible = visibleFiles([
    ...context.hidden,
    context.scratchDirectory,
    // What Tollgate ships holds the answers to its own tasks.
    ownRoot,
    ...(home === undefined ? [] : [home]),
  ]);
  const skeleton = join(scratch, "root");
  rmSync(skeleton, { recursive: true, force: true });
  writeSkeleton(skeleton, visible);
  return { scratch, skeleton, visible };
}

/**
 * For the programs that lead inside. Programs of the system come first; on some systems an ordinary user's PATH has no
 * `pivot_root` and no `ip`. Of the rest nothing but what the supervisor finds processes by: it may be seen inside.
 */
export function outerEnvironment({ childEnvironment }: SandboxContext): Readonly<Record<string, string>> {
  const own = Object.entries(childEnvironment).filter(([name]) => name.startsWith("TOLLGATE_"));
  const path = `/usr/sbin:/usr/bin:/sbin:/bin:${childEnvironment["PATH"] ?? ""}`;
  return { ...Object.fromEntries(own), PATH: path, LC_ALL: "C" };
}

/** Where names are asked for; seen inside only where the network is the machine's. */
export const resolverFile = () => (existsSync("/etc/resolv.conf") ? realpathSync("/etc/resolv.conf") : null);
