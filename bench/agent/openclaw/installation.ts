import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { StartError } from "../../errors.ts";

/** The version whose private seams the contract test has checked. */
export const pinnedVersion = "2026.9.6";

/** The npm package openclaw. Tollgate asks for it and runs without it. */
export interface OpenClawInstallation {
  readonly version: string;
  /** The launcher, to be run by Node. */
  readonly entry: string;
  /** Its browser control, by its URL: a module of the bundled browser plugin, which need not be on for it. */
  readonly browserModule: string;
}

/** Throws `StartError` when the package is not installed. */
export function findOpenClaw(): OpenClawInstallation {
  try {
    // The package exports no manifest; its main module lies in dist/.
    const main = createRequire(import.meta.url).resolve("openclaw");
    const root = path.dirname(path.dirname(main));
    const manifest = path.join(root, "package.json");
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(manifest, "utf8")));
    const browser = path.join(root, "dist/extensions/browser/runtime-api.js");
    return { version, entry: path.join(root, "openclaw.mjs"), browserModule: pathToFileURL(browser).href };
  } catch (cause) {
    throw new StartError(
      "openclaw",
      "the agent of this experiment is openclaw, and that npm package is not installed here (npm leaves it out with --omit=optional, " +
        "and where the machine's own Node is not 24.16 or newer). Install it beside Tollgate: npm install --ignore-scripts " +
        `--save-exact openclaw@${pinnedVersion} (in a checkout: npm ci). Or take the agent that needs nothing: --set agent.kind=native`,
      { cause },
    );
  }
}
