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

/**
 * An exception that is part of a tool's answer. Nobody reads its JavaScript stack, and recording one costs more than most
 * tool calls.
 */
export function pythonError(type: string, message: string): PythonError {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return new PythonError(type, message);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

export function valueError(message: string): PythonError {
  return pythonError("ValueError", message);
}

export function typeError(message: string): PythonError {
  return pythonError("TypeError", message);
}

export function attributeError(owner: string, attribute: string): PythonError {
  return pythonError("AttributeError", `'${owner}' object has no attribute '${attribute}'`);
}
