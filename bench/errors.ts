/**
 * Base of every error that Tollgate raises on purpose. One subclass per decision a caller can take; facts in fields,
 * the original in `cause`. The message says what failed, on what, why, and what to do.
 */
export abstract class TollgateError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The user's input cannot work: command line, experiment file, data folder. Exit code 2. */
export class ConfigError extends TollgateError {
  readonly code = "TOLLGATE_CONFIG";
}

/** A part did not start or a preflight check failed. Exit code 3. */
export class StartError extends TollgateError {
  readonly code = "TOLLGATE_START";
  readonly part: string;

  constructor(part: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.part = part;
  }
}

/** A run directory cannot be resumed or read. Exit code 5. */
export class RunUnreadableError extends TollgateError {
  readonly code = "TOLLGATE_RESUME_REFUSED";
}

/** The text of anything that was thrown, for messages and records. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Whether a process had no file descriptors, ports or memory left for a connection: its own fault, not the other side's. */
export function isOutOfResources(message: string | null): boolean {
  return /\b(?:EMFILE|ENFILE|ENOMEM|ENOBUFS|EADDRNOTAVAIL|EAGAIN)\b/.test(message ?? "");
}
