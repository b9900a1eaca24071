import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../../../bench/errors.ts";
import { readSchemaFile, schemasOfFile } from "./schema-file.ts";
import type { DomainSchemas } from "./schema-file.ts";
import { readToolSchemas } from "./tool-schemas.ts";

export interface SchemaLocations {
  readonly domain: string;
  readonly dataDirectory: string;
  readonly schemasDirectory?: string | null;
  readonly checkout?: string | null;
}

export interface SourcedSchemas {
  readonly schemas: DomainSchemas;
  /** The file or folder they came from, for messages. */
  readonly source: string;
}

/**
 * A domain's tool schemas: `schemas_<domain>.json` of the schemas folder, else of the domain's data folder, else read from
 * the Python sources of the checkout. Throws ConfigError that names the places when there are none.
 */
export function domainSchemas(locations: SchemaLocations): SourcedSchemas {
  const file = `schemas_${locations.domain}.json`;
  const folder = join(locations.dataDirectory, "tau2", "domains", locations.domain);
  const candidates = [locations.schemasDirectory, folder].filter((place) => typeof place === "string");
  for (const candidate of candidates) {
    const path = join(candidate, file);
    if (existsSync(path)) return { schemas: readSchemaFile(path), source: path };
  }
  if (typeof locations.checkout === "string") {
    const file = readToolSchemas(locations.checkout, locations.domain);
    return { schemas: schemasOfFile(file), source: locations.checkout };
  }
  throw new ConfigError(
    `No tool schemas for ${locations.domain}: there is no ${file} in ${candidates.join(" or ")}, and no checkout is set. ` +
      "Give a schemas folder, or the path of a tau2-bench checkout.",
  );
}
