import type { z } from "zod";
import { messageOf, RunUnreadableError } from "../../errors.ts";
import type { Span } from "../../evidence/episode-stamps.ts";
import { readLines } from "../../store/line-file.ts";
import { exists, type StoreWarning } from "../../store/read-run.ts";
import { linesEndedWithin } from "./timed-lines.ts";

/** Which lines of a file are read. */
export interface Choice {
  /** By its bytes, which costs nothing: a segment of a large run has a million lines, and a page shows ten of them. */
  readonly choose: (bytes: Buffer) => boolean;
  readonly warnings: StoreWarning[];
  /** When they ended, and how many there are at least: with fewer in that time the whole file is read. */
  readonly near?: { readonly span: Span; readonly least: number };
}

/**
 * Lines of a JSON Lines file, plain or `.zst`, that are chosen by their bytes; none when there is no such file. A torn last line
 * is a warning. Throws RunUnreadableError with file and line for a chosen one that is damaged.
 */
export async function readChosenLines<T>(path: string, schema: z.ZodType<T>, choice: Choice): Promise<T[]> {
  if (!(await exists(path))) return [];
  const { choose, warnings, near } = choice;
  const close =
    near === undefined ? null : ((await linesEndedWithin(path, near.span))?.filter(choose) ?? null);
  if (close !== null && near !== undefined && close.length >= near.least)
    return close.map((bytes) => parsed(bytes, { where: path, schema }));
  const found: T[] = [];
  for await (const { bytes, number, terminated } of readLines(path)) {
    if (!terminated) {
      warnings.push({ file: path, line: number, message: "the last line is torn and was left out" });
      break;
    }
    if (choose(bytes)) found.push(parsed(bytes, { where: `${path}:${number}`, schema }));
  }
  return found;
}

function parsed<T>(
  bytes: Buffer,
  { where, schema }: { readonly where: string; readonly schema: z.ZodType<T> },
): T {
  try {
    return schema.parse(JSON.parse(bytes.toString("utf8")));
  } catch (cause) {
    throw new RunUnreadableError(`${where} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
