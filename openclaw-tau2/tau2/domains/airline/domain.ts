import type { DomainDefinition } from "../../contract/domain-definition.ts";
import { airlineTools } from "./tools.ts";

export const airlineDomain: DomainDefinition = {
  name: "airline",
  databaseFile: "db.json",
  userDatabaseFile: null,
  agent: airlineTools,
  user: null,
  supportsSolo: false,
};
