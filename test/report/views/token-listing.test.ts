import { expect, test } from "vitest";
import { renderTokens } from "../../../bench/report/views/token-listing.ts";
import { broken, continued } from "../../export/recorded-builder.ts";

const identity = { episodeId: "0".repeat(16), attemptKey: "a0" };

test("every call with its prompt's continuation and its generated tokens", () => {
  expect(renderTokens({ ...continued, ...identity })).toBe(
    `recorded by tollgate at L2, tokenizer sha256 abababababab, 2 calls

[call 0] i1: request r1, tool_calls, weights 4
  mask 0: prompt of 3 tokens
  mask 1: 2 generated tokens, id:logprob
    10:-0.500  11:-0.250

[call 1] i2: request r2, stop, weights 5, reward 1
  mask 0: prompt of 6 tokens, continues call 0 token for token
  mask 1: 3 generated tokens, id:logprob
    12:-1.000  13:-2.000  14:-3.000`,
  );
});

test("a break is shown with its cause, and so is what was dropped", () => {
  const dropped = [{ interactionId: "i9", reason: "retry orphan" }];
  const text = renderTokens({ ...broken, ...identity, dropped });
  expect(text).toContain(
    "mask 0: prompt of 6 tokens, shares 4 of 5 tokens with call 0: messages[2].content was rewritten",
  );
  expect(text).toMatch(/\n\ndropped: call i9: retry orphan$/);
});

test("no recording is said", () => {
  expect(renderTokens(null)).toMatch(/^no recorded calls/);
});
