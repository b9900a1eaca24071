/** What a domain is loaded from. */
export interface LoadOptions {
  readonly domain: string;
  /** The folder that holds `tau2/`. */
  readonly dataDirectory: string;
  /** Holds `schemas_<domain>.json`; null: they come from the data folder or the checkout. */
  readonly schemasDirectory?: string | null;
  /** A tau2-bench checkout, whose Python sources give the schemas when no file does. */
  readonly checkout?: string | null;
  /** Default `3.12`, what tau2's lock file asks for. */
  readonly pythonVersion?: string;
  /** Default `2.12`. */
  readonly pydanticVersion?: string;
  /** banking_knowledge: interpreter that has tau2's packages; default `python3`. */
  readonly python?: string;
  /** banking_knowledge: how the agent gets at the documents; default `no_knowledge`. */
  readonly retrieval?: string;
  /** banking_knowledge: the interpreter's whole environment; default empty. */
  readonly environment?: Readonly<Record<string, string>>;
}
