import { expect, test } from "vitest";
import { questionOf } from "../../../../bench/simulator/trainer/model/prompt.ts";

const system = { role: "system", content: "You are an assistant." };

/** As OpenClaw 2026.9.6 writes the first message of a session. */
const runtime =
  "Runtime: agent=main | session=agent:main:f1-4 | sessionId=2d4d59cd | host=vm | os=Linux 6.18";
const context =
  "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nActive exec sessions: none\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>";

test.each([
  ["bare", ["What is rain?"]],
  ["with a stamp", ["[Sun 2026-11-29 12:02 UTC] What is rain?"]],
  [
    "with a stamp and what OpenClaw says of the machine",
    [`[Sun 2026-11-29 12:02 UTC] What is rain?\n\n${runtime}`],
  ],
  ["before what OpenClaw says in the user's name", [`What is rain?\n\n${runtime}`, context]],
  ["in another spelling of blanks", ["What  is\nrain? "]],
])("the question is the user's own words: %s", (_, texts) => {
  const messages = [system, ...texts.map((content) => ({ role: "user", content }))];
  expect(questionOf(messages)).toBe("What is rain?");
});

test("words about a runtime that a user says stay", () => {
  const content = "Explain this line:\nRuntime: 5 s";
  expect(questionOf([{ role: "user", content }])).toBe("Explain this line: Runtime: 5 s");
  expect(questionOf([system])).toBe("");
});
