/** Keys that only one kind of file has. */
const keysOf = {
  experiment: ["stack", "workload", "sweep", "arms"],
  feedback: ["preferences", "num_steps", "claas_url", "trainer", "openclaw_url"],
} as const;
const commandOf = {
  experiment: "an experiment: `tollgate sweep FILE` runs it",
  feedback: "a file of the preference loop: `tollgate feedback FILE` runs it",
} as const;
export type FileKind = keyof typeof keysOf;

/** What to do with a file that was read as one kind and has keys of the other; null where it has not. */
export function otherKindOfFile(content: unknown, readAs: FileKind): string | null {
  if (content === null || typeof content !== "object") return null;
  const has = (kind: FileKind) => keysOf[kind].filter((key) => Object.hasOwn(content, key)).length;
  const other = readAs === "experiment" ? "feedback" : "experiment";
  return has(other) > has(readAs) ? `By its keys it is ${commandOf[other]}.` : null;
}
