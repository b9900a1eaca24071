import type { LoadedDomain } from "../contract/domain.ts";

/** What every check of `tau2 verify` is given. A check reads its golden files and gives a row per domain. */
export interface VerifyInput {
  /** The folder that holds `tau2/`. */
  readonly dataDirectory: string;
  readonly goldenDirectory: string;
  /** A tau2-bench checkout, for what is read from its Python sources; null: none. */
  readonly checkout: string | null;
  readonly domains: readonly string[];
  /** Loads a domain, once per verification. */
  readonly load: (domain: string) => LoadedDomain;
}
