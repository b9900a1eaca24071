import { expect, test } from "vitest";
import { invoke } from "./invoke.ts";

test("collect --tasks is refused by its name where a workload chooses its tasks by other keys, with these keys", async () => {
  const args = ["collect", "experiments/code-laptop.yaml", "--tasks", "own/1"];
  const { code, stdout, stderr } = await invoke(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(
    /--tasks is workload\.tasks, and workload code has no such key\. Its keys are .*limit/,
  );
});
