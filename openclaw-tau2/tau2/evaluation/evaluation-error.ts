import { messageOf, TollgateError } from "../../../bench/errors.ts";
import { PythonError } from "../python/error.ts";

export interface DatabaseHashes {
  readonly goldAgent: string;
  readonly goldUser: string | null;
  readonly predictedAgent: string;
  readonly predictedUser: string | null;
}

/** tau2 raised while it evaluated: the transcript cannot be replayed, or an assertion failed to run. */
export class EvaluationError extends TollgateError {
  readonly code = "TOLLGATE_TAU2_EVALUATION";
  /** Python's class of the exception. */
  readonly pythonType: string;
  /** What the database check compared, when it came to that before the error. */
  readonly hashes: DatabaseHashes | null;

  constructor(cause: unknown, hashes: DatabaseHashes | null = null) {
    super(messageOf(cause), { cause });
    this.pythonType = cause instanceof PythonError ? cause.type : "ValueError";
    this.hashes = hashes;
  }
}
