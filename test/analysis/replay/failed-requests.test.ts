import { describe, expect, test } from "vitest";
import { failingReasons, failuresInARow } from "../../../bench/analysis/replay/failed-requests.ts";
import type { LegEvidence } from "../../../bench/evidence/leg-evidence.ts";
import type { LoadOutcome } from "../../../bench/load/load.ts";
import { gatewayArm, legOf, sampleOf } from "../../evidence/leg-builder.ts";

/** A turn whose requests ended so, in this order: `x` with an error, `a` cut off by a stop, `.` well. */
function leg(ends: string, complete = true): LegEvidence {
  const outcomes: Readonly<Record<string, LoadOutcome>> = { x: "http-error", a: "aborted" };
  const samples = ends.split("").map((end, index) => {
    const outcome = outcomes[end] ?? "completed";
    const sample = sampleOf({ session: 0, index }, 50);
    return { ...sample, outcome, endedNs: index, status: outcome === "completed" ? 200 : 503, error: null };
  });
  return { ...legOf({ arm: gatewayArm, block: 0, position: 0 }, samples), complete };
}

describe("a replay in which requests failed", () => {
  test.each([
    ["none", [leg("....")], false],
    ["few", [leg("...................."), leg("...................x")], false],
    ["too many, over all turns", [leg("...."), leg("xx..")], true],
    ["cut off by a stop", [leg("..aa", false)], false],
    ["cut off by nobody", [leg("..aa")], true],
  ])("%s", (_, legs, failing) => {
    expect(failingReasons(legs, 0.05).map(({ verdict }) => verdict)).toEqual(failing ? ["failing"] : []);
  });

  test("is told with count and first answer", () => {
    expect(failingReasons([leg("x.x.")], 0.05)[0]?.detail).toMatch(
      /: 2 of 4 requests failed \(limits\.failedShare 5 %\), first: status 503, http-error$/,
    );
  });

  test.each([
    ["in a row", [leg(".xxx")], 3, true],
    ["with a good one in between", [leg("xx.xx")], 3, false],
    ["over two turns of other arms", [leg("xx"), leg("xx")], 3, false],
    ["no limit", [leg("xxxxxx")], 0, false],
    ["a stop", [leg("aaaa", false)], 3, false],
  ])("%s", (...[, legs, limit, stopped]) => {
    expect(failuresInARow(legs, limit) !== null).toBe(stopped);
  });
});
