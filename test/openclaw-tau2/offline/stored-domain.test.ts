import { expect, test } from "vitest";
import { ConfigError } from "../../../bench/errors.ts";
import { storedDomain } from "../../../openclaw-tau2/offline/stored-domain.ts";

const run = (workload: object) => ({
  runId: "echo-1",
  resolved: { workload },
  hashes: {} as Record<string, string>,
});

test("a run of another workload is refused by name, not with a parse error", () => {
  const attempt = () => storedDomain(run({ kind: "echo", trials: 2 }), {});
  expect(attempt).toThrow(ConfigError);
  expect(attempt).toThrow("Run echo-1 is of workload echo; only runs of tau2 can be judged");
});

test("a run of tau2 is loaded with the data it was run with, and refused when that has changed", () => {
  expect(() => storedDomain(run({ kind: "tau2", domain: "library" }), {})).toThrow(/has changed: /);
});
