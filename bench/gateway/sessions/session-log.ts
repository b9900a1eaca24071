import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { messageOf, StartError } from "../../errors.ts";
import { DialectError } from "../http/dialect-error.ts";

/**
 * What a gateway has to remember beyond its own end, one line of JSON each. A line that `write` accepted has been handed to
 * the operating system: the end of the process, however it comes, does not lose it (that of the machine may).
 */
export class SessionLog {
  readonly #file: string;
  readonly #descriptor: number;
  #bytes: number;
  /** Lines of finished calls that could not be written yet. */
  #waiting: string[] = [];

  private constructor(file: string, descriptor: number, bytes: number) {
    this.#file = file;
    this.#descriptor = descriptor;
    this.#bytes = bytes;
  }

  /**
   * Opens a log, and gives back what is in it. A line at the end that was not finished is dropped.
   * @param warn told of a dropped line
   * @throws {StartError} when the file cannot be used
   */
  static open(file: string, warn: (line: string) => void): { log: SessionLog; lines: readonly unknown[] } {
    let descriptor: number | null = null;
    try {
      descriptor = openSync(file, "a+", 0o600);
      const text = readFileSync(file, "utf8");
      const end = text.lastIndexOf("\n") + 1;
      const bytes = Buffer.byteLength(text.slice(0, end));
      if (end < text.length) {
        warn(
          `The log ${file} ends in the middle of a line: its last ${text.length - end} characters are dropped.`,
        );
        ftruncateSync(descriptor, bytes);
      }
      const lines = text.slice(0, end).split("\n").slice(0, -1);
      return {
        log: new SessionLog(file, descriptor, bytes),
        lines: lines.map((line) => JSON.parse(line) as unknown),
      };
    } catch (cause) {
      if (descriptor !== null) closeSync(descriptor);
      throw new StartError(
        "gateway",
        `The log ${file} cannot be used: ${messageOf(cause)}. Give --log another file, or move this one away.`,
        { cause },
      );
    }
  }

  /** Takes a line about something that has happened: it is written now, or later when the disk has room again. */
  keep(line: object): void {
    this.#waiting.push(`${JSON.stringify(line)}\n`);
    // Not an error here: requireWritten reports it to the caller that needs the line on disk.
    this.#attempt(() => this.#flush());
  }

  /**
   * Writes a line; without it what it says must not become true.
   * @throws {DialectError} 507 when it cannot be written; nothing of it is in the file then
   */
  write(line: object): void {
    this.requireWritten();
    this.#guarded(() => this.#append(`${JSON.stringify(line)}\n`));
  }

  /** @throws {DialectError} 507 while finished calls wait for room */
  requireWritten(): void {
    this.#guarded(() => this.#flush());
  }

  /** Forgets everything: for a log in which nothing is needed any more. */
  clear(): void {
    if (this.#waiting.length > 0) return;
    ftruncateSync(this.#descriptor, 0);
    this.#bytes = 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  #flush(): void {
    for (let line = this.#waiting[0]; line !== undefined; line = this.#waiting[0]) {
      this.#append(line);
      this.#waiting.shift();
    }
  }

  #append(line: string): void {
    const bytes = Buffer.from(line);
    try {
      let written = 0;
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written);
      this.#bytes += bytes.length;
    } catch (thrown) {
      // Half a line would make the next one unreadable.
      ftruncateSync(this.#descriptor, this.#bytes);
      throw thrown;
    }
  }

  /** @returns what was thrown, as text; null for nothing */
  #attempt(action: () => void): string | null {
    try {
      action();
      return null;
    } catch (cause) {
      return messageOf(cause);
    }
  }

  #guarded(action: () => void): void {
    const failure = this.#attempt(action);
    if (failure === null) return;
    throw new DialectError(
      507,
      `The log ${this.#file} cannot be written: ${failure}. Nothing that was recorded is lost while this gateway runs; make room and repeat the request`,
    );
  }
}
