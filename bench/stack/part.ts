import type { ManagedProcess } from "../supervisor/managed-process.ts";
import type { StackDeath } from "./stack.ts";

/** Something that a stack started and has to end: a process of this machine or a container. Disposing it stops it. */
export interface StackPart extends AsyncDisposable {
  /** For messages, with what identifies it, e.g. `gateway areal (pid 4711)`. */
  readonly name: string;
  /** Settles when it ends, for whatever reason, with how it ended: `code 1`, `SIGKILL`, `code 137, out of memory`. Never rejects. */
  readonly ended: Promise<string>;
  /** The end of its log, for messages. */
  lastLogLines(count: number): string;
}

/** What the stack has started so far; stopped in reverse order. */
export interface OwnedPart {
  readonly part: StackDeath["part"];
  /** The one arm that needs it; null when all do. */
  readonly arm: StackDeath["arm"];
  readonly running: StackPart;
}

export type Own = (owned: OwnedPart) => void;

/** A child process as a part of the stack. */
export function processPart(process: ManagedProcess<unknown>): StackPart {
  return {
    name: `${process.name} (pid ${process.pid})`,
    ended: process.exited.then(({ code, signal }) => signal ?? `code ${code}`),
    lastLogLines: (count) => process.lastLogLines(count),
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}
