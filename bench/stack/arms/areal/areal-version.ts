import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { distributionVersion } from "../python-distribution.ts";

/** AReaL's version: of the checkout, else of the installed package; null where neither tells (an image's tag says it). */
export async function arealVersion(
  spec: {
    readonly python: string;
    readonly checkout?: string | undefined;
    readonly image?: string | undefined;
  },
  environment: Readonly<Record<string, string>>,
): Promise<string | null> {
  if (spec.image !== undefined) return spec.image;
  if (spec.checkout === undefined) return distributionVersion(spec.python, "areal", environment);
  try {
    const project = await readFile(join(spec.checkout, "pyproject.toml"), "utf8");
    return /^version\s*=\s*"([^"]+)"/m.exec(project)?.[1] ?? null;
  } catch {
    // A folder with the package alone has no project file.
    return null;
  }
}
