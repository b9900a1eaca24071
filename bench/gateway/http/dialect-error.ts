import { TollgateError } from "../../errors.ts";

/** A request that the dialect answers with an error status. Not a fault of the gateway. */
export class DialectError extends TollgateError {
  readonly code = "TOLLGATE_GATEWAY_REFUSED";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Body of an error. AReaL answers `detail` from some of its services and `error` from others; clients of either kind
 * find the message here.
 */
export const errorBody = (message: string): string => JSON.stringify({ detail: message, error: message });
