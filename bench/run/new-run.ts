import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { StartError } from "../errors.ts";
import { gitFacts, hostFacts } from "../host/host-facts.ts";
import { simulatedEngines } from "../stack/engine.ts";
import { RunDirectory, runIdOf } from "../store/run-directory.ts";
import type { RunJson } from "../store/run-json.ts";
import { StorageError } from "../store/storage-error.ts";
import type { RunSetting } from "./run-life.ts";

/** What `run.json` says of a new run apart from its plan. */
export type RunStart = Pick<RunJson, "runId" | "createdAt" | "argv" | "git" | "host" | "simulated">;

/** Looks at the machine and the engines before anything is started. @param name of the experiment */
export async function startFacts(
  name: string,
  {
    experiment,
    environment,
    argv,
  }: Pick<RunSetting, "experiment" | "environment"> & { readonly argv: readonly string[] },
): Promise<RunStart> {
  const at = new Date();
  return {
    runId: runIdOf({ experiment: name, at, suffix: randomBytes(3).toString("hex") }),
    createdAt: at.toISOString(),
    argv: [...argv],
    git: await gitFacts(import.meta.dirname),
    host: await hostFacts(environment),
    simulated: await simulatedEngines(experiment.stack, environment),
  };
}

/** A folder that cannot be written is found out before anything is started: nothing was stopped by it. */
export async function newRun(outputDirectory: string, identity: RunJson): Promise<RunDirectory> {
  try {
    return await RunDirectory.create(resolve(outputDirectory), { identity, pid: process.pid });
  } catch (cause) {
    if (!(cause instanceof StorageError)) throw cause;
    throw new StartError("run directory", cause.message, { cause });
  }
}
