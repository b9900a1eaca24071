import type { DomainDefinition } from "../../contract/domain-definition.ts";
import { syncTelecom } from "./sync.ts";
import { telecomTools } from "./tools.ts";
import { telecomUserTools } from "./user-tools.ts";

export const telecomDomain: DomainDefinition = {
  name: "telecom",
  databaseFile: "db.toml",
  userDatabaseFile: "user_db.toml",
  agent: telecomTools,
  user: telecomUserTools,
  supportsSolo: true,
  sync: syncTelecom,
};

/** telecom with the support text that is a workflow. */
export const telecomWorkflowDomain: DomainDefinition = {
  ...telecomDomain,
  name: "telecom-workflow",
  dataFolder: "telecom",
};
