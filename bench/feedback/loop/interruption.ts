import { TollgateError } from "../../errors.ts";

/** Somebody asked the run to stop, and it is between two things that it does: what was done is on the disk. */
export class Interruption extends Error {
  constructor() {
    super("the run was asked to stop");
    this.name = "Interruption";
  }
}

interface AskedToStop {
  readonly stop: { readonly asked: AbortSignal; readonly cancelled: AbortSignal };
  /** Whether all parts had started. */
  readonly isStarted: boolean;
  readonly tell: (line: string) => void;
}

/**
 * Whether a run ends by this error because somebody asked it to: at the next thing to do, in the middle of one when it was cancelled, or
 * while parts of it started. Anything else is a failure, though it came after the request; what comes of cancelling is told.
 */
export function endsAsAsked(error: unknown, { stop, isStarted, tell }: AskedToStop): boolean {
  if (error instanceof Interruption) return true;
  if (stop.cancelled.aborted) {
    if (error instanceof TollgateError) tell(`warning: ${error.message}`);
    return true;
  }
  return stop.asked.aborted && !isStarted;
}
