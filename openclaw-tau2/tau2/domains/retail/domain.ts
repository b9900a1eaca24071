import type { DomainDefinition } from "../../contract/domain-definition.ts";
import { retailTools } from "./tools.ts";

export const retailDomain: DomainDefinition = {
  name: "retail",
  databaseFile: "db.json",
  userDatabaseFile: null,
  agent: retailTools,
  user: null,
  supportsSolo: false,
};
