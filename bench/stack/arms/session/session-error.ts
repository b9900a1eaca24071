import { TollgateError } from "../../../errors.ts";

/** A gateway refused a session call, could not be reached, or answered something that cannot be believed. */
export class SessionError extends TollgateError {
  readonly code = "TOLLGATE_SESSION";
  readonly operation: string;
  /** null when there was no answer. */
  readonly status: number | null;

  constructor(
    operation: string,
    status: number | null,
    options: { readonly detail: string; readonly url: string; readonly cause?: unknown },
  ) {
    super(
      `The gateway at ${options.url} ${status === null ? "did not answer" : `answered ${status} to`} ${operation}: ${options.detail}`,
      { cause: options.cause },
    );
    this.operation = operation;
    this.status = status;
  }
}
