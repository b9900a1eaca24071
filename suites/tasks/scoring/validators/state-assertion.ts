import { z } from "zod";
import type { ClawBenchProfile } from "../../contract/task.ts";
import { callInput, classifyCall } from "../calls/tool-family.ts";
import type { ObservedCall } from "../../contract/observation.ts";
import type { CheckedWorkspace } from "./checks.ts";
import { fails, holds, undecided, type Held } from "./scope.ts";
import { readTextInside } from "./workspace-files.ts";

/** Where ClawBench looks for what an agent keeps beyond a conversation. */
const memoryFiles = [
  "MEMORY.md",
  "memory.md",
  "memory/MEMORY.md",
  "memory/memory.md",
  "memory/notes.md",
  "memory/NOTES.md",
  "notes.md",
];

const memorySchema = z.object({
  key_pattern: z.string(),
  exists: z.boolean().default(true),
  value_contains: z.array(z.string()).default([]),
});

/**
 * What ClawBench asks a gateway's own state. What an agent remembers stands in files of its workspace, or in what it wrote
 * there; sessions, schedules and other state of a gateway are not looked at, and the score says so.
 */
export async function holdState(
  { hostDirectory }: CheckedWorkspace,
  { kind, value }: ClawBenchProfile["stateAssertions"][number],
  calls: readonly ObservedCall[],
): Promise<Held> {
  if (kind !== "memory")
    return undecided(`only a gateway's own state says this (${kind}); nothing here asks it`);
  const read = memorySchema.safeParse(value);
  if (!read.success) return undecided("what is to be remembered cannot be read from the task");
  const texts: string[] = [];
  for (const file of memoryFiles) texts.push((await readTextInside(hostDirectory, file))?.text ?? "");
  const text = texts.join("\n").toLowerCase();
  const found = text.includes(read.data.key_pattern.toLowerCase());
  if (!read.data.exists)
    return found ? fails("it is remembered and should not be") : holds("it is not remembered");
  const wanted = read.data.value_contains.map((token) => token.toLowerCase());
  if (found) {
    const lacking = wanted.find((token) => !text.includes(token));
    return lacking === undefined
      ? holds("the files have it")
      : fails(`the files lack ${JSON.stringify(lacking)}`);
  }
  return calls.some((call) => writesMemory(call, [read.data.key_pattern.toLowerCase(), ...wanted]))
    ? holds("a call that wrote it was seen")
    : fails("no file has it, and no call that wrote it was seen");
}

function writesMemory(call: ObservedCall, wanted: readonly string[]): boolean {
  const { family } = classifyCall(call);
  const input = callInput(call);
  const path = typeof input["path"] === "string" ? input["path"].toLowerCase() : "";
  if (family !== "memory" && !path.includes("memory")) return false;
  const name = call.name.toLowerCase();
  if (family === "memory" && name.includes("search") && !/write|store|save/u.test(name)) return false;
  const text = `${call.result} ${call.argumentsText}`.toLowerCase();
  return wanted.every((token) => text.includes(token));
}
