import { TollgateError } from "../../../bench/errors.ts";

/** A Python exception that the original would raise at this place; `message` is `str(exception)`. */
export class PythonError extends TollgateError {
  readonly code = "TOLLGATE_TAU2_PYTHON";
  /** Python's class name, such as `ValueError`. */
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

export function valueError(message: string): PythonError {
  return new PythonError("ValueError", message);
}

export function typeError(message: string): PythonError {
  return new PythonError("TypeError", message);
}

export function attributeError(owner: string, attribute: string): PythonError {
  return new PythonError("AttributeError", `'${owner}' object has no attribute '${attribute}'`);
}
