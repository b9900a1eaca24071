import type { WrittenRecord } from "./case.ts";

/** What is there when an attempt has ended, as far as its case asks. */
export interface State {
  /** By path: the text; null: it is no text, or too long to be one that a case names. Absent: there is no such file. */
  readonly files: ReadonlyMap<string, string | null>;
  /** Names of the case's processes that run. */
  readonly processes: readonly string[];
  /** Records of the service, by list. */
  readonly service: Readonly<Record<string, readonly WrittenRecord[]>>;
}
