import { engineProfiles } from "./profiles/known-engines.ts";

/** Engines' names exist with a colon (as served) and with an underscore (as rewritten). */
const namespaces = engineProfiles.map(({ prefix }) => prefix.replace(/:$/, ""));
const rewritten = new RegExp(`^(${namespaces.join("|")})_`);

/**
 * One spelling per metric: `sglang_x` becomes `sglang:x`. Routers that merge engine pages and Prometheus 3 replace the
 * colon; what the engine itself serves has it. Other names are returned as they are.
 */
export function canonicalName(name: string): string {
  return name.replace(rewritten, "$1:");
}
