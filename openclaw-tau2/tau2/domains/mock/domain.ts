import type { DomainDefinition } from "../../contract/domain-definition.ts";
import { mockTools } from "./tools.ts";
import { mockUserTools } from "./user-tools.ts";

export const mockDomain: DomainDefinition = {
  name: "mock",
  databaseFile: "db.json",
  userDatabaseFile: "user_db.json",
  agent: mockTools,
  user: mockUserTools,
  supportsSolo: true,
};
