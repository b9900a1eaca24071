import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ManifestCounter } from "../../bench/export/manifest.ts";
import { buildIdentity } from "../store/run-builder.ts";
import { buildInlined } from "./inlined-builder.ts";
import { broken, buildCall, buildRecorded, continued } from "./recorded-builder.ts";

const identity = buildIdentity();
const settings = { style: "concat", discount: 1, verifier: null } as const;
const manifestOf = (counter: ManifestCounter) =>
  counter.manifest(identity, { format: "jsonl", settings, selection: {}, files: [] });
const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((total, count) => total + count, 0);

const textOnly = buildRecorded([buildCall({ promptTail: null, outputIds: null, outputLogprobs: null })], {
  level: "L0",
});
const trajectory = fc
  .record({
    arm: fc.constantFrom("raw", "gateway"),
    domain: fc.constantFrom("library", "retail"),
    taskId: fc.constantFrom("0", "1", "2", "10"),
    status: fc.constantFrom("completed" as const, "timed-out" as const),
    termination: fc.constantFrom("user_stop", "max_steps", null),
    reward: fc.constantFrom(null, 0, 0.5, 1),
    labels: fc.subarray(["judged", "prompt-rewritten"]),
    recorded: fc.constantFrom(null, continued, broken, textOnly),
    // null: it was written.
    excluded: fc.constantFrom(null, null, "failed: engine", "not selected: arm raw"),
  })
  .map(({ recorded, excluded, ...record }) => ({ excluded, whole: buildInlined({ record, recorded }) }));

test("whatever comes: written and left out are all, and every breakdown adds up to what was written", () => {
  fc.assert(
    fc.property(fc.array(trajectory, { maxLength: 12 }), (all) => {
      const counter = new ManifestCounter();
      for (const { whole, excluded } of all)
        if (excluded === null) counter.written(whole);
        else counter.excluded({ reason: excluded });
      const { counts, exclusions, tokens, split } = manifestOf(counter);
      const leftOut = exclusions.reduce((total, { count }) => total + count, 0);
      expect(counts.trajectories + leftOut).toBe(all.length);
      expect(new Set(exclusions.map(({ reason }) => reason)).size).toBe(exclusions.length);
      for (const breakdown of [counts.byArm, counts.byDomain, counts.byStatus, counts.byTermination])
        expect(sum(breakdown)).toBe(counts.trajectories);
      expect(sum(tokens.byLevel)).toBe(counts.trajectories);
      expect(sum(tokens.byWeightVersion)).toBe(tokens.generated);
      const written = all.flatMap(({ whole, excluded }) => (excluded === null ? [whole] : []));
      expect(counts.judged).toBe(written.filter(({ record }) => record.reward !== null).length);
      expect(counts.passed).toBe(written.filter(({ record }) => record.reward === 1).length);
      // A task of the training set is never missing from the list that keeps it out of the test set.
      for (const { record } of written) expect(split.tasks[record.domain]).toContain(record.taskId);
      const named = Object.values(split.tasks).flat().length;
      expect(named).toBe(new Set(written.map(({ record }) => `${record.domain}/${record.taskId}`)).size);
    }),
  );
});

test("a reward that is 1 but for rounding has passed; 0.999 has not", () => {
  const counter = new ManifestCounter();
  for (const reward of [1 - 1e-9, 0.999]) counter.written(buildInlined({ record: { reward } }));
  expect(manifestOf(counter).counts).toMatchObject({ judged: 2, passed: 1 });
});

test("token counts: text-only episodes add to their level alone, and an engine without versions is unknown", () => {
  const counter = new ManifestCounter();
  const dropped = [
    { interactionId: null, reason: "late" },
    { interactionId: "i9", reason: "late" },
  ];
  const versionless = buildRecorded([buildCall({ weightVersion: null })], { dropped });
  for (const recorded of [textOnly, continued, broken, versionless, null])
    counter.written(buildInlined({ recorded }));
  expect(manifestOf(counter).tokens).toEqual({
    byLevel: { L0: 1, L2: 3, none: 1 },
    calls: 5,
    generated: 5 + 3 + 2,
    processed: 9 + (5 + 7) + 5,
    sequences: 4,
    trainableFraction: 10 / 26,
    byWeightVersion: { "4": 2 + 2 + 1, "5": 3, unknown: 2 },
    breaks: { "messages[2].content was rewritten": 1 },
    dropped: { late: 2 },
  });
});

test("without a token the trainable share is unknown, not 0", () => {
  const counter = new ManifestCounter();
  counter.written(buildInlined());
  expect(manifestOf(counter).tokens.trainableFraction).toBeNull();
});

test("the split that was selected is named before the one that the run was planned with", () => {
  const counter = new ManifestCounter();
  const planned = buildIdentity({ resolved: { workload: { tasks: { split: "train" } } } });
  const nameOf = (selection: { split?: { name: string; tasks: Set<string> } }, run = planned) =>
    counter.manifest(run, { format: "sft", settings, selection, files: [] }).split.name;
  expect(nameOf({ split: { name: "test", tasks: new Set() } })).toBe("test");
  expect(nameOf({})).toBe("train");
  expect(nameOf({}, identity)).toBeNull();
});
