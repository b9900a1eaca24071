import type { Exposition, Sample } from "./exposition.ts";
import { engineProfiles } from "./profiles/known-engines.ts";
import type { EngineProfile } from "./profiles/profile.ts";

/**
 * The profile whose names a page uses; null when it uses those of none or of several, because then a sum would mix
 * servers. Works on pages and on the series of a delta alike.
 */
export function detectProfile(
  series: Exposition["samples"] | readonly Pick<Sample, "name">[],
): EngineProfile | null {
  const matching = engineProfiles.filter((profile) =>
    series.some(({ name }) => name.startsWith(profile.prefix)),
  );
  return matching.length === 1 ? (matching[0] ?? null) : null;
}
