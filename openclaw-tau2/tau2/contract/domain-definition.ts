import type { AnyToolkitDefinition, Toolkit } from "./toolkit.ts";

/** A domain's code: what is not read from the user's data folder. */
export interface DomainDefinition {
  readonly name: string;
  /** Folder of its data below `tau2/domains/`, where that is another domain's; default: its name. */
  readonly dataFolder?: string;
  /** Database files in that folder, `.json` or `.toml`. */
  readonly databaseFile: string;
  readonly userDatabaseFile: string | null;
  readonly agent: AnyToolkitDefinition;
  readonly user: AnyToolkitDefinition | null;
  readonly supportsSolo: boolean;
  /** tau2's `sync_tools`. Throws Python's exception. */
  readonly sync?: (agent: Toolkit, user: Toolkit) => void;
}
