import * as fc from "fast-check";
import { expect, test } from "vitest";
import { judge, type CleanScope, type Orphan } from "../../../bench/stack/orphans/orphan.ts";

const orphan = fc.record({
  kind: fc.constantFrom("container", "process", "scratch"),
  id: fc.constant("1"),
  name: fc.constant("x"),
  runId: fc.constant("r"),
  warm: fc.constantFrom(null, "node"),
  role: fc.constant(null),
  supervisorId: fc.constant("s"),
  driver: fc.constantFrom("alive", "dead", "unknown"),
  supervised: fc.boolean(),
  running: fc.boolean(),
}) satisfies fc.Arbitrary<Orphan>;
const scope = fc.record({
  runId: fc.constantFrom(null, "r"),
  warm: fc.boolean(),
  elsewhere: fc.boolean(),
}) satisfies fc.Arbitrary<CleanScope>;

const living = orphan.filter(
  ({ warm, driver, supervised }) => warm === null && (driver === "alive" || supervised),
);
const warm = orphan.filter((one) => one.warm !== null);
const doubtful = orphan.filter(
  ({ driver, supervised, running, ...one }) =>
    driver === "unknown" && one.warm === null && !supervised && running,
);

test("whatever is asked for, nothing of a living run goes, and nothing that a supervisor is removing", () => {
  fc.assert(
    fc.property(living, scope, (one, asked) => {
      expect(judge(one, asked).remove).toBe(false);
    }),
  );
});

test("a warm container goes with --warm and in no other way", () => {
  fc.assert(
    fc.property(warm, scope, (one, asked) => {
      expect(judge(one, asked).remove).toBe(asked.warm);
    }),
  );
});

test("what runs and whose driver nobody can ask about goes only when it is named as dead", () => {
  fc.assert(
    fc.property(doubtful, scope, (one, asked) => {
      expect(judge(one, asked).remove).toBe(asked.elsewhere);
    }),
  );
});

test.each([
  [{ driver: "dead", running: true }, "its driver is gone"],
  [{ driver: "unknown", running: false }, "it ended"],
] as const)("an orphan goes and says why: %j", (facts, why) => {
  const base = { kind: "process", id: "1", name: "x", runId: "r", warm: null, role: null } as const;
  const found = judge(
    { ...base, supervisorId: null, supervised: false, ...facts },
    { runId: null, warm: false, elsewhere: false },
  );
  expect(found).toEqual({ remove: true, why });
});
