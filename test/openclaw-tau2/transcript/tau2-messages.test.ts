import { expect, test } from "vitest";
import { tau2Messages } from "../../../openclaw-tau2/transcript/tau2-messages.ts";

test("tau2's evaluator does not see what the model thought", () => {
  const said = {
    role: "assistant",
    content: "Done.",
    toolCalls: null,
    requestId: "r1",
    usage: null,
  } as const;
  expect(tau2Messages([{ ...said, reasoning: "She wants the total of 12.50." }])).toEqual([
    { role: "assistant", content: "Done.", toolCalls: null },
  ]);
});
