import type { DomainDefinition } from "../../contract/domain-definition.ts";
import { libraryTools } from "./tools.ts";

/** Tollgate's own domain: a town library's desk, small enough to ship, so that the first sweep needs no checkout. */
export const libraryDomain: DomainDefinition = {
  name: "library",
  databaseFile: "db.json",
  userDatabaseFile: null,
  agent: libraryTools,
  user: null,
  supportsSolo: false,
};
