import { readFileSync } from "node:fs";
import { z } from "zod";

/**
 * `toolSourceHashes` of tau2-bench a2c0247, with which the port was verified: every method of the tool classes. A method
 * whose hash differs may behave differently.
 */
export const VERIFIED_SOURCES = z
  .record(z.string(), z.string())
  .parse(JSON.parse(readFileSync(new URL("verified-sources.json", import.meta.url), "utf8")));
