import { TollgateError } from "../../errors.ts";

/** A model endpoint did not give a usable answer. Nothing is retried: a retry would hide what is being measured. */
export class ModelError extends TollgateError {
  readonly code = "TOLLGATE_MODEL";
}
