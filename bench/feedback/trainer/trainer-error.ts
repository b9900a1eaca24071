import { TollgateError } from "../../errors.ts";

/** A trainer, or what stands before it, did not do what it was asked. The message has what the server said, verbatim. */
export class TrainerError extends TollgateError {
  readonly code = "TOLLGATE_TRAINER";
  /** HTTP status; null: there was no response. */
  readonly status: number | null;
  /** What the server said, as it was sent; null: nothing. */
  readonly body: string | null;

  constructor(
    message: string,
    facts: { readonly status: number | null; readonly body: string | null },
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.status = facts.status;
    this.body = facts.body;
  }
}
