import { expect, test } from "vitest";
import { verdictOf } from "../../../suites/tool-use/attempt/sample.ts";

test.for([
  ["length", "length"],
  ["max_tokens", "length"],
  ["FinishReason.MAX_TOKENS", "length"],
  ["stop", "wrong-tool"],
  [null, "wrong-tool"],
] as const)("a case that failed where the answer ended with %s is called %s", ([finish, verdict]) => {
  expect(verdictOf({ verdict: "wrong-tool" }, finish)).toBe(verdict);
  expect(verdictOf({ verdict: "passed" }, finish)).toBe("passed");
});
