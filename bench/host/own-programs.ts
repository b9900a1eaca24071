import { join } from "node:path";
import { ownRoot, tollgateVersion } from "../own-files.ts";
import { gitFacts, type GitFacts } from "./host-facts.ts";
import { readText } from "./read-text.ts";

/** What this process is, as `run.json` has it. */
export interface OwnPrograms {
  readonly versions: Readonly<Record<string, string>>;
  /** null: nobody knows the revision. */
  readonly git: GitFacts | null;
}

/** In an image there is no checkout: `docker/k8s.Dockerfile` writes the sha256 of all that it copied there. */
const sourcesFile = "sources.sha256";

export async function ownPrograms(root = ownRoot): Promise<OwnPrograms> {
  const sources = readText(join(root, sourcesFile))?.trim();
  return {
    versions: {
      tollgate: tollgateVersion(),
      ...(sources !== undefined && sources !== "" && { "tollgate sources": sources }),
      node: process.versions.node,
    },
    git: await gitFacts(),
  };
}
