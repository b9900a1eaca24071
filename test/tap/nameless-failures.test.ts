import { expect, test } from "vitest";
import { NamelessFailures } from "../../bench/tap/nameless-failures.ts";

const span = (fromNs: number, toNs: number, arm = "gateway") => ({ arm, fromNs, toNs });
const end = (status: number | null, outcome: "completed" | "upstream-failed" = "completed") => ({
  status,
  outcome,
  requestId: "r",
});

test("the latest failure that was open within the time is found, of its own arm only", () => {
  const failures = new NamelessFailures(10);
  failures.add(span(0, 10), end(500));
  failures.add(span(20, 30), end(502));
  failures.add(span(20, 30, "another"), end(503));
  expect(failures.during(span(5, 6))).toMatchObject({ status: 500, requestId: null });
  expect(failures.during(span(10, 20))).toMatchObject({ status: 502 });
  expect(failures.during(span(11, 19))).toBeNull();
  expect(failures.during(span(0, 100, "third"))).toBeNull();
});

test("an answer below 400 is no failure; one without a status, or cut off, is", () => {
  const failures = new NamelessFailures(10);
  failures.add(span(0, 1), end(200));
  failures.add(span(0, 1), end(399));
  expect(failures.during(span(0, 1))).toBeNull();
  failures.add(span(0, 1), end(400));
  expect(failures.during(span(0, 1))).toMatchObject({ status: 400 });
  failures.add(span(2, 3), end(null));
  expect(failures.during(span(2, 3))).toMatchObject({ status: null });
  failures.add(span(4, 5), end(200, "upstream-failed"));
  expect(failures.during(span(4, 5))).toMatchObject({ status: 200, outcome: "upstream-failed" });
});

test("an error inside a 200 is a failure", () => {
  const failures = new NamelessFailures(10);
  failures.add(span(0, 1), { ...end(200), incomplete: "carries an error: busy" });
  expect(failures.during(span(0, 1))).toMatchObject({ status: 200, incomplete: "carries an error: busy" });
});

test("no more are kept than allowed, the oldest go first", () => {
  const failures = new NamelessFailures(2);
  for (const at of [0, 10, 20]) failures.add(span(at, at + 1), end(500 + at));
  expect([0, 10, 20].map((at) => failures.during(span(at, at))?.status ?? null)).toEqual([null, 510, 520]);
  failures.clear();
  expect(failures.during(span(0, 100))).toBeNull();
});
