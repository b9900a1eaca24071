import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exportRun } from "../../bench/export/export-run.ts";
import type { InlinedTrajectory } from "../../bench/export/inlined-trajectory.ts";
import { everything, selector, type Selection } from "../../bench/export/selection.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { buildAttempt, buildEpisode, buildIdentity, plannedCell } from "../store/run-builder.ts";
import { buildInlined, said, toolResult } from "./inlined-builder.ts";
import { continued } from "./recorded-builder.ts";

/** As an export asks: what is not refused is written. */
function asking(selection: Selection) {
  const selected = selector(selection);
  return (whole: InlinedTrajectory) => {
    const refused = selected.refusal(whole);
    if (refused === null) selected.written(whole);
    return refused?.reason ?? null;
  };
}

test("a selection of nothing takes every trajectory, the unjudged one too", () => {
  const refusal = asking(everything);
  expect(refusal(buildInlined({ record: { reward: null } }))).toBeNull();
  expect(refusal(buildInlined({ record: { reward: -1, status: "timed-out" } }))).toBeNull();
});

test.each([
  [{ arms: ["raw"] }, "not selected: arm gateway"],
  [{ domains: ["retail", "airline"] }, "not selected: domain library"],
  [{ statuses: ["timed-out"] }, "not selected: status completed"],
  [{ split: { name: "train", tasks: new Set(["1"]) } }, "not selected: not in split train"],
] as const)("what %o does not name is left out, and the reason names it", (chosen, reason) => {
  expect(asking({ ...everything, ...chosen })(buildInlined())).toBe(reason);
});

test("the smallest reward is inclusive, and 0 still asks for a reward", () => {
  const from = (rewardMin: number) => asking({ ...everything, rewardMin });
  expect(from(0.5)(buildInlined({ record: { reward: 0.5 } }))).toBeNull();
  expect(from(0.5)(buildInlined({ record: { reward: 0.49 } }))).toBe("not selected: reward below 0.5");
  expect(from(0)(buildInlined({ record: { reward: 0 } }))).toBeNull();
  expect(from(0)(buildInlined({ record: { reward: null } }))).toBe(
    "not selected: unjudged, so it has no reward",
  );
  // A negative limit does not let an unjudged episode in as a 0.
  expect(from(-1)(buildInlined({ record: { reward: null } }))).not.toBeNull();
});

const call = (text: string, id: string) =>
  said("assistant", null, {
    toolCalls: [{ id, name: "get_book", arguments: text }],
    requestId: `request-${id}`,
  });

test("dedup: the same words under other ids and in another arm are a repetition; other words are not", () => {
  const refusal = asking({ ...everything, dedup: true });
  const first = [call('{"n":1}', "a"), toolResult("a", { content: "1" })];
  const renamed = [call('{"n":1}', "b"), toolResult("b", { content: "1" })];
  expect(refusal(buildInlined({ messages: first }))).toBeNull();
  expect(refusal(buildInlined({ messages: renamed, record: { arm: "raw", trial: 1 } }))).toMatch(
    /^duplicate/,
  );
  const others = {
    "other arguments": { messages: [call('{"n":1.0}', "a"), toolResult("a", { content: "1" })] },
    "another result": { messages: [call('{"n":1}', "a"), toolResult("a", { content: "2" })] },
    "another task": { messages: first, record: { taskId: "7" } },
    "another domain": { messages: first, record: { domain: "retail" } },
    "another system message": { messages: first, system: "Be brief." },
  };
  const refused = Object.entries(others).filter(([, parts]) => refusal(buildInlined(parts)) !== null);
  expect(refused).toEqual([]);
});

test("dedup: what another rule left out does not stand in the way of its repetition", () => {
  const refusal = asking({ ...everything, dedup: true, rewardMin: 1 });
  expect(refusal(buildInlined({ record: { reward: null } }))).toMatch(/unjudged/);
  expect(refusal(buildInlined({ record: { reward: 1 } }))).toBeNull();
});

test("dedup: what the format has no place for does not stand in the way of its repetition", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "tollgate-selection-"));
  const [raw, gateway] = [plannedCell("raw", 1), plannedCell("gateway", 1)];
  const identity = buildIdentity({ cells: [raw, gateway] });
  {
    await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
    // Word for word the same, but only the gateway recorded tokens.
    await run.appendEpisode(buildEpisode(raw, 0), buildAttempt("a0"));
    await run.appendEpisode(buildEpisode(gateway, 0), buildAttempt("a1", continued));
  }
  const { counts, exclusions } = await exportRun(join(scratch, identity.runId), {
    format: "areal",
    out: join(scratch, "out"),
    selection: { dedup: true },
  });
  expect(exclusions).toEqual([{ reason: "no recorded calls: the arm has no recording gateway", count: 1 }]);
  expect(counts.byArm).toEqual({ gateway: 1 });
  await rm(scratch, { recursive: true });
});
