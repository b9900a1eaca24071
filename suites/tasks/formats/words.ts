import { posix } from "node:path";
import { z } from "zod";
import { pythonPattern } from "../python/python-pattern.ts";

/** Ids and names of groups become names of files and of sessions. */
export const idWord = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    "write 1 to 100 letters, digits, dots, dashes and underscores, a letter or a digit first",
  );

const outside = "must be a path within the workspace: relative, and without `..` that leads out of it";

/** A path or a glob of the workspace. */
export const workspacePath = z
  .string()
  .min(1, "must name a file or a folder of the workspace")
  .refine(isInside, outside);

/** Whether a relative path stays in the folder that it begins in. */
export function isInside(path: string): boolean {
  if (path.includes("\0") || posix.isAbsolute(path) || path.startsWith("~")) return false;
  const plain = posix.normalize(path.replaceAll("\\", "/"));
  return plain !== ".." && !plain.startsWith("../");
}

export const text = z.string().refine((value) => value.trim() !== "", "must not be empty");

/** One text, or a list of them. */
export const texts = z.union([text.transform((one) => [one]), z.array(text)]);

/** One text at least. */
export const someTexts = texts.refine((list) => list.length > 0, "must hold one text at least");

export const paths = z.union([workspacePath.transform((one) => [one]), z.array(workspacePath)]);

/** What a version is written as: 1.0 is a number for YAML. */
export const versionWord = z.union([z.string(), z.number()]).transform(String);

/** A regular expression as Python writes it. One that nobody can read would be held as if it never matched. */
export const pattern = z
  .string()
  .min(1)
  .refine(
    (source) => pythonPattern(source) !== null,
    "is no regular expression that can be read here; Python's are meant, e.g. (?i)total: \\d+",
  );

export const count = z.number().int().min(0);

/** One text or several, spaces and all: what is searched for in a file. */
export const someStrings = z.union([
  z
    .string()
    .min(1)
    .transform((one) => [one]),
  z.array(z.string().min(1)).min(1),
]);

/** `[least, most]` */
export const range = z
  .tuple([z.number().min(0), z.number().min(0)])
  .refine(([least, most]) => least <= most, "the first of the two must not be above the second");

/** A day is more than any task needs, and more milliseconds than a timer holds begin at 24. */
export const timeoutSeconds = z.number().positive().max(86_400);

/** `git`, or a module of Python as `python3 -m pytest`. */
export const programWord = z
  .string()
  .regex(/^[\w.+-]+( -m [\w.]+)?$/, "write the name of a program, or PYTHON -m MODULE");
