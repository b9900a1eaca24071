import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { messageOf, TollgateError } from "../../../bench/errors.ts";
import { sourceDifferences } from "./source-differences.ts";

/** What `run.json` says about the tau2-bench checkout that a run used. */
export const checkoutFactsSchema = z.object({
  /** Git commit; null for a folder that is no git checkout of its own. */
  commit: z.string().nullable(),
  /** Tools whose source is not as in the version the port was verified with, e.g. `RetailTools.get_order changed`. */
  differences: z.array(z.string()),
  /** Why the sources could not be compared; null when they were, or when the domain is not tau2's. */
  notCompared: z.string().nullable(),
});
export type CheckoutFacts = z.infer<typeof checkoutFactsSchema>;

/** Reads the commit of a checkout and compares its tools of a domain with the verified ones. Never throws. */
export function checkoutFacts(checkout: string, domain: string): CheckoutFacts {
  const commit = commitOf(checkout);
  // Its tools are the checkout's own.
  if (domain === "banking_knowledge") return { commit, differences: [], notCompared: null };
  const folder = join(checkout, "src", "tau2", "domains", domain === "telecom-workflow" ? "telecom" : domain);
  if (!existsSync(join(folder, "tools.py"))) return { commit, differences: [], notCompared: null };
  try {
    const differences = sourceDifferences(checkout, domain).map(({ method, kind }) => `${method} ${kind}`);
    return { commit, differences, notCompared: null };
  } catch (error) {
    if (!(error instanceof TollgateError)) throw error;
    return { commit, differences: [], notCompared: messageOf(error) };
  }
}

/** For a person: the port may not behave as this checkout does. Empty when it is known to. */
export function checkoutWarnings({ differences, notCompared }: CheckoutFacts): readonly string[] {
  if (notCompared !== null)
    return [`The checkout's tools could not be compared with the port: ${notCompared}`];
  if (differences.length === 0) return [];
  const shown = differences.slice(0, 8).join(", ");
  const more = differences.length > 8 ? ` and ${differences.length - 8} more` : "";
  return [
    `${differences.length} tools of the checkout are not as in the version the port was verified with: ${shown}${more}. Rewards may differ from this checkout's.`,
  ];
}

/** An unpacked archive inside another repository has no commit, although git would name that repository's. */
function commitOf(checkout: string): string | null {
  const git = spawnSync("git", ["-C", checkout, "rev-parse", "--show-toplevel", "HEAD"], {
    encoding: "utf8",
    timeout: 10_000,
  });
  if (git.status !== 0) return null;
  const [top = "", commit = ""] = git.stdout.trim().split("\n");
  return existsSync(top) && realpathSync(top) === realpathSync(checkout) ? commit : null;
}
