import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { SandboxSetting } from "../../config/sandbox-schema.ts";
import { StartError, messageOf } from "../../errors.ts";
import type { SandboxContext } from "../context.ts";
import { defaultImage, dockerFactory } from "../docker/docker-sandbox.ts";
import { bwrapFactory } from "../namespaces/bwrap.ts";
import { unshareFactory } from "../namespaces/unshare.ts";
import { noSandboxFactory } from "../none.ts";
import type { SandboxFactory, SandboxKind } from "../sandbox.ts";

export type { SandboxContext } from "../context.ts";

/** Kinds that hold something. */
export type HoldingKind = Exclude<SandboxKind, "none">;

/** Those that hold something, the strongest first: the order in which `auto` tries them. */
const makers: Readonly<
  Record<string, (setting: SandboxSetting, context: SandboxContext) => Promise<SandboxFactory>>
> = {
  docker: ({ image = defaultImage }, context) => dockerFactory(image, context),
  bwrap: async (_, context) => bwrapFactory(context),
  unshare: async (_, context) => unshareFactory(context),
};

/** What must be there for a kind. */
export const sandboxNeeds: Readonly<Record<HoldingKind, string>> = {
  docker:
    "a Docker engine of this machine and an image that is already there (sandbox: {kind: docker, image: …})",
  bwrap: "the program bwrap (Debian's and Ubuntu's package bubblewrap)",
  unshare:
    "util-linux 2.36 or later and user namespaces (sysctl kernel.unprivileged_userns_clone=1 or kernel.apparmor_restrict_unprivileged_userns=0 where the system forbids them)",
};

/**
 * The sandbox that a setting names; for `auto` the first of docker, bwrap and unshare that works here. A kind works when a
 * sandbox of it was started and a command in it could write its workspace and nothing else.
 * @throws {StartError} when none works: what was tried, why it failed, what to install. Never falls back to `none`.
 */
export async function chooseSandbox(
  setting: SandboxSetting,
  context: SandboxContext,
): Promise<SandboxFactory> {
  if (setting.kind === "none") return noSandboxFactory(context);
  const tried: string[] = [];
  for (const [kind, make] of Object.entries(makers)) {
    if (setting.kind !== "auto" && setting.kind !== kind) continue;
    try {
      const factory = await make(setting, context);
      await probe(factory, context);
      return factory;
    } catch (thrown) {
      tried.push(`${kind}: ${messageOf(thrown)} It needs ${sandboxNeeds[kind as HoldingKind]}.`);
    }
  }
  throw new StartError(
    "sandbox",
    `No sandbox works here, and commands of an agent are not run without one:\n${tried.map((line) => `  ${line}`).join("\n")}\n` +
      "Install one of these, or write sandbox: none to let them run as this user on this machine.",
  );
}

/** One start with one command. */
async function probe(factory: SandboxFactory, { scratchDirectory }: SandboxContext): Promise<void> {
  const workspace = join(scratchDirectory, "sandbox", `probe-${factory.kind}-workspace`);
  mkdirSync(workspace, { recursive: true });
  try {
    await using sandbox = await factory.open({
      name: `probe-${factory.kind}`,
      workspace,
      readOnly: [],
      network: false,
      limits: {
        processes: 64,
        memoryBytes: 256 * 1024 ** 2,
        fileBytes: 1024 ** 2,
        diskBytes: 16 * 1024 ** 2,
      },
      environment: {},
    });
    const script = `echo here >probe && ! (echo there >/usr/probe) 2>/dev/null && [ ! -e "$0" ] && cat probe`;
    const outcome = await sandbox.run(["/bin/sh", "-c", script, workspace], {
      timeoutMs: 20_000,
      outputBytesMax: 1000,
    });
    if (Buffer.from(outcome.stdout).toString() !== "here\n")
      throw new Error(
        `a command in it failed (exit code ${outcome.exitCode ?? "none"}): ${Buffer.from(outcome.stderr).toString().trim()}`,
      );
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
}
