/** A call that the model made, and what came of it. */
export interface MadeCall {
  readonly name: string;
  /** As the model wrote it. */
  readonly argumentsText: string;
  /**
   * ok, failed: the tool was executed; injected: the case's error was given in its place; refused: there is no such tool, or
   * its arguments could not be read; not-executed: something ended the episode before.
   */
  readonly outcome: "ok" | "failed" | "injected" | "refused" | "not-executed";
  /** What the model was told. */
  readonly content: string;
}

/** What tools of a file of cases and ours say of their parameters, as far as calls are compared. */
export interface ParameterFacts {
  /** Values that stand for a parameter that is not given. */
  readonly defaults: Readonly<Record<string, string | number | boolean>>;
  /** Parameters that hold a path or a text of a file, and are compared as such. */
  readonly kinds: Readonly<Record<string, "$path" | "$text">>;
}
