import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { sandboxOf, type SandboxSetting } from "../../config/sandbox-schema.ts";
import type { SandboxContext } from "../context.ts";
import type { SandboxFactory } from "../sandbox.ts";
import { chooseSandbox } from "./choose.ts";

/** What a run lends to the sandboxes of its attempts. */
interface LentByRun extends Pick<SandboxContext, "childEnvironment" | "scratchDirectory"> {
  readonly logDirectory: string;
  /** The user's: leads `docker` to its daemon, and is never seen inside. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface SandboxesOfRun {
  readonly sandboxes: SandboxFactory;
  /** Folder for the attempts' workspaces; gone when the run is. */
  readonly workspaces: string;
}

/**
 * The sandbox that an experiment names, for a run. Nobody inside may read what the run writes, nor what is expected of him.
 * @param expected file or folder of what is expected @throws {StartError} as `chooseSandbox` does
 */
export async function sandboxesOfRun(
  experiment: { readonly sandbox?: SandboxSetting | undefined },
  { childEnvironment, scratchDirectory, logDirectory, environment }: LentByRun,
  expected: string,
): Promise<SandboxesOfRun> {
  const workspaces = join(scratchDirectory, "w");
  await mkdir(workspaces, { recursive: true });
  const sandboxes = await chooseSandbox(sandboxOf(experiment), {
    childEnvironment,
    scratchDirectory,
    hidden: [expected, logDirectory],
    docker: environment,
  });
  return { sandboxes, workspaces };
}
