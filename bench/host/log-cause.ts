import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { messageOf } from "../errors.ts";
import { errorOf } from "./error-line.ts";

/** Of a log that is longer the middle is left out: a cause stands where a start begins to fail, or at its end. */
const partBytesMax = 2 * 1024 * 1024;
const quotedCharactersMax = 300;

/** All of a log that a program has written since `fromByte`, for messages. */
export function wholeLog(path: string, fromByte = 0): string {
  try {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      const read = (start: number, end: number) => {
        const part = Buffer.alloc(Math.max(0, end - start));
        return part.toString("utf8", 0, readSync(file, part, { position: start }));
      };
      if (size - fromByte <= 2 * partBytesMax) return read(fromByte, size);
      return `${read(fromByte, fromByte + partBytesMax)}\n${read(size - partBytesMax, size)}`;
    } finally {
      closeSync(file);
    }
  } catch (thrown) {
    return `(the log cannot be read: ${messageOf(thrown)})`;
  }
}

/** What some loggers put before every line of a traceback: process, level, date, place. */
const prefixes = [
  /^\([\w:.-]+ pid=\d+\) ?/,
  /^(?:ERROR|CRITICAL|WARNING|INFO) \d[\d:. -]*\[[^\]]*\] ?/,
  /^\[[^\]]*\d{2}:\d{2}:\d{2}[^\]]*\] ?/,
];
const traceback = /Traceback \(most recent call last\):\s*$/;
const exception = /^[A-Za-z_][\w.]*(?:: .*|)$/;
/** What ends because something else did: it is never the reason. */
const consequence = /^(?:[\w.]+\.)?(?:CancelledError|KeyboardInterrupt|SystemExit|BrokenPipeError)(?::|$)/;

/**
 * The lines of a log that say why a program failed: the first exception, which others follow from, and the last one; where
 * there is none, the first line and the last that call themselves an error. Empty when none does.
 */
export function causesIn(log: string): readonly string[] {
  const lines = log.split("\n").map(bare);
  const exceptions = lines.flatMap((line, index) =>
    traceback.test(line) ? exceptionAfter(lines, index) : [],
  );
  const found = exceptions.length > 0 ? exceptions : lines.flatMap((line) => errorOf(line) ?? []);
  const ends = [found.at(0), found.at(-1)].flatMap((line) => (line === undefined ? [] : [quotable(line)]));
  return [...new Set(ends)];
}

/** A traceback's own lines are indented; the first that is not names the exception. */
function exceptionAfter(lines: readonly string[], index: number): readonly string[] {
  const line = lines.slice(index + 1).find((one) => one !== "" && !/^[\s|+]/.test(one));
  return line !== undefined && exception.test(line) && !consequence.test(line) ? [line] : [];
}

function bare(line: string): string {
  // Without colours, and without what a progress line wrote before it began anew.
  const plain = stripVTControlCharacters(line.trimEnd()).split("\r").at(-1) ?? "";
  return prefixes.reduce((rest, prefix) => rest.replace(prefix, ""), plain);
}

function quotable(line: string): string {
  const text = line.trim();
  return text.length <= quotedCharactersMax ? text : `${text.slice(0, quotedCharactersMax)}…`;
}
