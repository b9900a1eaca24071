import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  startOwnProgram,
  tollgateEntry,
  type ChildContext,
  type ReadyLine,
} from "../../stack/own-program.ts";
import type { ManagedProcess } from "../../supervisor/managed-process.ts";
import type { FeedbackSettings } from "../config/settings.ts";

const startSeconds = 60;

/**
 * Starts `tollgate simulate --role trainer`. Its adapters and what it has answered lie in the run directory, so that a run that was
 * killed goes on with them.
 */
export async function startSimulatedTrainer(
  { law }: NonNullable<FeedbackSettings["trainer"]>,
  runDirectory: string,
  context: Omit<ChildContext, "startSeconds">,
): Promise<ManagedProcess<ReadyLine>> {
  const file = law === null || typeof law === "string" ? law : join(runDirectory, "trainer-law.json");
  if (law !== null && typeof law !== "string")
    await writeFile(file ?? "", `${JSON.stringify(law, null, 2)}\n`);
  const args = [
    tollgateEntry,
    "simulate",
    "--role",
    "trainer",
    "--port",
    "0",
    "--state",
    join(runDirectory, "trainer"),
    ...(file === null ? [] : ["--law", file]),
  ];
  return await startOwnProgram(
    { name: "simulated trainer", args, log: "trainer" },
    { ...context, startSeconds },
  );
}
