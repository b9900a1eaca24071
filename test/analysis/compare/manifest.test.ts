import { expect, test } from "vitest";
import { manifestChanges } from "../../../bench/analysis/compare/manifest.ts";
import { buildIdentity } from "../../store/run-builder.ts";

const resolved = (changes: Readonly<Record<string, unknown>>) =>
  buildIdentity({
    resolved: {
      name: "laptop",
      stack: { kind: "embedded", agent: { decodeStepMs: 4 } },
      arms: [{ kind: "raw" }, { kind: "url", url: "http://a" }],
      workload: { domain: "library", trials: 1 },
      ...changes,
    },
  });

test("where, when and how a run was called is no difference", () => {
  const before = buildIdentity();
  const after = buildIdentity({
    runId: "other",
    createdAt: "2027-01-01T00:00:00.000Z",
    note: "again",
    argv: ["sweep", "elsewhere.yaml"],
    hashes: { ...before.hashes, experiment: "9999" },
  });
  expect(manifestChanges(before, after)).toEqual([]);
});

test("settings that change say so by path; those that make the runs unlike come first", () => {
  const changes = manifestChanges(
    resolved({}),
    resolved({
      stack: { kind: "embedded", agent: { decodeStepMs: 5 } },
      arms: [{ kind: "raw" }, { kind: "url", url: "http://b" }],
      workload: { domain: "airline", trials: 1 },
    }),
  );
  expect(changes).toEqual([
    { field: "resolved.workload.domain", before: '"library"', after: '"airline"', unlike: true },
    { field: "resolved.arms.1.url", before: '"http://a"', after: '"http://b"', unlike: false },
    { field: "resolved.stack.agent.decodeStepMs", before: "4", after: "5", unlike: false },
  ]);
});

test.each([
  ["simulated engines", { simulated: false }, "simulated"],
  ["another agent", { agent: { name: "native", version: "1" } }, "agent.name"],
  ["other data", { hashes: { experiment: "1111111111111111", data: "3" } }, "hashes.data"],
])("%s make runs unlike", (_, changed, field) => {
  const changes = manifestChanges(buildIdentity(), buildIdentity(changed));
  expect(changes.filter(({ unlike }) => unlike).map((change) => change.field)).toContain(field);
});

test("what an older run did not ask is no difference to null", () => {
  const before = buildIdentity({ versions: { node: "24.21.0" } });
  const after = buildIdentity({ versions: { node: "24.21.0", engine: null } });
  expect(manifestChanges(before, after)).toEqual([]);
});
