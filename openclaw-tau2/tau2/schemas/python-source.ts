import { ConfigError } from "../../../bench/errors.ts";

/** A Python file of the user's checkout, as text. */
export interface PythonSource {
  readonly path: string;
  readonly text: string;
}

/** Python that this reader does not understand. Nothing is guessed: the schema would be wrong without a trace. */
export class PythonSourceError extends ConfigError {
  readonly path: string;
  readonly line: number;

  constructor(place: { readonly path: string; readonly line: number }, problem: string) {
    super(`${place.path}:${place.line}: ${problem}. Use a schemas file instead, or report this line to us.`);
    this.path = place.path;
    this.line = place.line;
  }
}
