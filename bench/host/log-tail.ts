import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { messageOf } from "../errors.ts";

const tailBytes = 64 * 1024;

/**
 * The end of a log file, for messages; of a very long last line only its end. `fromByte` is where the writer's own output
 * begins: a resumed run appends to the log of the one before.
 */
export function lastLines(path: string, count: number, fromByte = 0): string {
  try {
    // Colours are for the terminal of the program that wrote them.
    return stripVTControlCharacters(readTail(path, fromByte)).trimEnd().split("\n").slice(-count).join("\n");
  } catch (thrown) {
    return `(the log cannot be read: ${messageOf(thrown)})`;
  }
}

function readTail(path: string, fromByte: number): string {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const start = Math.max(fromByte, size - tailBytes);
    const tail = Buffer.alloc(Math.max(0, size - start));
    const bytes = readSync(file, tail, { position: start });
    return tail.toString("utf8", 0, bytes);
  } finally {
    closeSync(file);
  }
}
