import { join } from "node:path";
import { expect, test } from "vitest";
import { otherKindOfFile } from "../../bench/config/other-kind-of-file.ts";
import { expectExit, tollgate } from "../e2e/tollgate-process.ts";

const experiments = join(import.meta.dirname, "../../experiments");

test.each([
  ["sweep", "feedback-laptop.yaml", "a file of the preference loop: `tollgate feedback FILE` runs it"],
  ["plan", "feedback-laptop.yaml", "a file of the preference loop: `tollgate feedback FILE` runs it"],
  ["feedback", "laptop.yaml", "an experiment: `tollgate sweep FILE` runs it"],
])("%s %s is refused with the command that takes it", async (command, file, words) => {
  const refused = await tollgate([command, join(experiments, file)]);
  expectExit(refused, 2);
  expect(refused.stderr).toContain(`By its keys it is ${words}.`);
});

test("a file of the right kind with a wrong key, and what is no mapping, get no such advice", () => {
  expect(otherKindOfFile({ stack: {}, workload: {}, num_steps: 3 }, "experiment")).toBeNull();
  expect(otherKindOfFile({ preferences: [], stack: {} }, "feedback")).toBeNull();
  for (const content of [null, "text", 3, []]) expect(otherKindOfFile(content, "experiment")).toBeNull();
});
