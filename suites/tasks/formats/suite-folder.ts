import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { ConfigError, messageOf } from "../../../bench/errors.ts";
import type { TaskInput, WorkspaceTask } from "../contract/task.ts";

/** Tasks as one format reads them from a folder. */
export interface ReadSuite {
  readonly name: string;
  readonly suiteVersion: string | null;
  readonly tasks: readonly ReadTask[];
  /** What a person should know of the folder, a line each, e.g. what was left out. */
  readonly notes: readonly string[];
}

export interface ReadTask {
  readonly task: WorkspaceTask;
  /** Every file that it is made of, absolute. */
  readonly files: readonly string[];
  /** Of the suite, to be done whenever nobody selects; the others only when they are asked for by id. */
  readonly official: boolean;
  /** What a person should know of it, a line each. */
  readonly notes: readonly string[];
}

/** More files than any task needs; a link to `/` has more. */
const filesMax = 10_000;

/**
 * Every file of a folder and of those in it, absolute and sorted. A link counts as what it leads to.
 * @throws {ConfigError} for a link that leads out of `root`, to nothing or to a folder around it, and for what is neither file nor folder
 */
export function filesWithin(folder: string, root: string): readonly string[] {
  const found: string[] = [];
  const open = [folder];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const { name } of readdirSync(next, { withFileTypes: true })) {
      const path = join(next, name);
      const kind = kindWithin(path, root);
      if (kind === "folder" && isAround(path, next))
        throw new ConfigError(
          `${path} is a link to a folder that it lies in, so copying it would never end.`,
        );
      if (kind === "folder") open.push(path);
      else found.push(path);
      if (found.length + open.length > filesMax)
        throw new ConfigError(`${folder} has more than ${filesMax} files; no task needs as many.`);
    }
  }
  return found.toSorted();
}

/** Whether a name leads to the folder that holds it, or to one around that. */
const isAround = (path: string, holder: string): boolean =>
  `${realpathSync(holder)}${sep}`.startsWith(`${realpathSync(path)}${sep}`);

/** @throws {ConfigError} */
export function kindWithin(path: string, root: string): "file" | "folder" {
  let real: string;
  try {
    real = realpathSync(path);
  } catch (cause) {
    throw new ConfigError(`${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
  const within = relative(realpathSync(root), real);
  if (within === ".." || within.startsWith(`..${sep}`))
    throw new ConfigError(`${path} is a link to ${real}, outside of ${root}. Put the file itself there.`);
  const stat = statSync(real);
  if (stat.isDirectory()) return "folder";
  if (stat.isFile()) return "file";
  throw new ConfigError(`${path} is neither a file nor a folder, so it cannot be copied.`);
}

/** The content of a folder, to be copied into the workspace; nothing where there is no such folder. */
export function inputsIn(folder: string, root: string): readonly TaskInput[] {
  if (!existsSync(folder)) return [];
  return filesWithin(folder, root).map((from) => ({ from, to: relative(folder, from) }));
}

/** Changes when a file does, gets another name, or goes. */
export function hashOf(files: readonly string[], root: string): string {
  const hash = createHash("sha256");
  for (const file of files) {
    const content = createHash("sha256").update(readFileSync(file)).digest("hex");
    hash.update(`${content}  ${relative(root, file)}\n`);
  }
  return hash.digest("hex");
}
