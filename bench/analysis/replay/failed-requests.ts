import type { LegEvidence } from "../../evidence/leg-evidence.ts";
import type { LoadSample } from "../../load/load.ts";
import { cellIdOf } from "../../store/leg-name.ts";
import type { VerdictReason } from "../cell/verdict.ts";

/** Nothing came back that counts. What a stop of the replay cut off is nobody's failure. */
function hasFailed({ outcome }: LoadSample, { complete }: Pick<LegEvidence, "complete">): boolean {
  return outcome !== "completed" && (complete || outcome !== "aborted");
}

/** What a request came to that failed, in words. */
function textOf({ status, outcome, error }: LoadSample): string {
  const answered = status === null ? "no answer" : `status ${status}`;
  return `${answered}, ${outcome}${error === null ? "" : `: ${error}`}`;
}

/** `failing`: an arm in which more than this share of the requests failed, over all its turns. */
export function failingReasons(legs: readonly LegEvidence[], failedShareMax: number): VerdictReason[] {
  return [...Map.groupBy(legs, ({ setting, arm }) => cellIdOf(setting, arm))].flatMap(([name, own]) => {
    const sent = own.reduce((sum, { samples }) => sum + samples.length, 0);
    const failed = own.flatMap((leg) => leg.samples.filter((sample) => hasFailed(sample, leg)));
    const [first] = failed;
    if (first === undefined || failed.length <= sent * failedShareMax) return [];
    const limit = `limits.failedShare ${Number((100 * failedShareMax).toFixed(2))} %`;
    const detail = `${name}: ${failed.length} of ${sent} requests failed (${limit}), first: ${textOf(first)}`;
    return [{ verdict: "failing" as const, detail }];
  });
}

/** Why a replay does not go on: so many requests in a row failed, in the order of their end; null when it does. 0: it always does. */
export function failuresInARow(legs: readonly LegEvidence[], failuresMax: number): string | null {
  if (failuresMax === 0) return null;
  for (const leg of legs) {
    let row: LoadSample[] = [];
    for (const sample of leg.samples.toSorted((a, b) => a.endedNs - b.endedNs)) {
      row = hasFailed(sample, leg) ? [...row, sample] : [];
      const [first] = row;
      if (row.length < failuresMax || first === undefined) continue;
      return `${row.length} requests in a row failed (limits.failures) in ${cellIdOf(leg.setting, leg.arm)}, so no further turn is begun: ${textOf(first)}`;
    }
  }
  return null;
}
