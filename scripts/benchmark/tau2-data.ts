import { join } from "node:path";
import type { LoadOptions } from "../../openclaw-tau2/tau2/contract/load-options.ts";
import type { Skipped, Workbench } from "./measurement.ts";

/** Where a domain of tau2 is read from, with the versions that the golden files were recorded with. */
export interface Tau2Data {
  readonly goldenDirectory: string;
  readonly domain: (name: string) => LoadOptions;
}

/** tau2's data and golden files, or why a measurement that needs them is left out. */
export function tau2Data({ shared }: Workbench): Tau2Data | Skipped {
  if (shared === null)
    return { skipped: "no tau2 data: set TOLLGATE_SHARED to a folder with tau2/data in it" };
  const goldenDirectory = join(shared, "tau2", "golden");
  return {
    goldenDirectory,
    domain: (name) => ({
      domain: name,
      dataDirectory: join(shared, "tau2", "data"),
      schemasDirectory: goldenDirectory,
      pythonVersion: "3.11",
      pydanticVersion: "2.13",
    }),
  };
}
