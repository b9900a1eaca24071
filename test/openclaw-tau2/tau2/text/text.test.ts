import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { policyFiles, readPolicy } from "../../../../openclaw-tau2/tau2/text/policy.ts";
import { readPromptFile } from "../../../../openclaw-tau2/tau2/text/prompt-file.ts";
import { formatTemplate, indentLines, splitLines } from "../../../../openclaw-tau2/tau2/text/python-text.ts";
import {
  readUserGuidelines,
  userScenarioText,
  userSystemPrompt,
} from "../../../../openclaw-tau2/tau2/text/user-prompt.ts";

const own = join(import.meta.dirname, "../../../../openclaw-tau2/data");

function task(userScenario: unknown): { id: string; text: string } {
  return { id: "t", text: JSON.stringify({ id: "t", user_scenario: userScenario }) };
}

test("a structured scenario nests its blocks by tabs and leaves out what is absent", () => {
  const scenario = {
    persona: "Calm.\n\nShort answers.",
    instructions: {
      domain: "lending",
      reason_for_call: "Extend a loan.",
      known_info: "Card 7.",
      unknown_info: null,
      task_instructions: "Ask once.\r\nThen stop.",
      extra: 1,
    },
  };
  expect(userScenarioText(task(scenario))).toBe(
    "Persona:\n\tCalm.\n\n\tShort answers.\nInstructions:\n\tDomain: lending\n\tReason for call:\n\t\tExtend a loan." +
      "\n\tKnown info:\n\t\tCard 7.\n\tTask instructions:\n\t\tAsk once.\r\n\t\tThen stop.",
  );
});

test("a plain scenario is one indented block, and an empty persona still has its label", () => {
  expect(userScenarioText(task({ instructions: "Do it.\u2028Now." }))).toBe(
    "Instructions:\n\tDo it.\u2028\tNow.",
  );
  expect(userScenarioText(task({ persona: "", instructions: "Do it." }))).toBe(
    "Persona:\n\nInstructions:\n\tDo it.",
  );
});

test("a task without a scenario is refused with its id", () => {
  expect(() => userScenarioText({ id: "t9", text: "{}" })).toThrow("Task t9 has no valid user_scenario");
  expect(() => userScenarioText({ id: "t9", text: "{" })).toThrow("Task t9 is not JSON");
});

test("the user prompt takes the guidelines for tools only when there are tools", () => {
  const guidelines = { withoutTools: "plain<PERSONA_GUIDELINES>", withTools: "tools" };
  const parts = { guidelines, task: task({ instructions: "x" }) };
  const scenario = "\n\n<scenario>\nInstructions:\n\tx\n</scenario>";
  expect(userSystemPrompt({ ...parts, hasUserTools: false })).toBe(`plain${scenario}`);
  expect(userSystemPrompt({ ...parts, hasUserTools: true })).toBe(`tools${scenario}`);
});

test("our own guidelines exist and name the three ends of a conversation", () => {
  for (const text of Object.values(readUserGuidelines(own))) {
    expect(text.match(/###[A-Z-]+###/gu)).toEqual(["###STOP###", "###TRANSFER###", "###OUT-OF-SCOPE###"]);
  }
});

test("lines end where Python ends them and blank lines stay blank", () => {
  expect(splitLines("a\r\nb\x0bc\x85d\u2029e\r\rf")).toEqual([
    "a\r\n",
    "b\x0b",
    "c\x85",
    "d\u2029",
    "e\r",
    "\r",
    "f",
  ]);
  expect(indentLines("a\n \x1f\x85\ufeff\n\nb\n", "> ")).toBe("> a\n \x1f\x85> \ufeff\n\n> b\n");
});

test("format fields, doubled braces, and unknown fields that stay", () => {
  expect(formatTemplate("{{{a}}} {b} {toString}", { a: "{b}" })).toBe("{{b}} {b} {toString}");
});

test("policy files of every variant, and the domains without solo mode", () => {
  expect(policyFiles({ domain: "telecom", solo: true })).toEqual([
    "tau2/domains/telecom/main_policy_solo.md",
    "tau2/domains/telecom/tech_support_manual.md",
  ]);
  expect(policyFiles({ domain: "telecom-workflow", solo: true })).toEqual([
    "tau2/domains/telecom/main_policy_solo.md",
    "tau2/domains/telecom/tech_support_workflow_solo.md",
  ]);
  expect(policyFiles({ domain: "mock", solo: true })).toEqual(["tau2/domains/mock/policy_solo.md"]);
  expect(() => policyFiles({ domain: "retail", solo: true })).toThrow("Domain retail has no solo mode");
});

test("a missing or undecodable prompt file is named", () => {
  const directory = mkdtempSync(join(tmpdir(), "tollgate-text-"));
  try {
    expect(() => readPolicy(directory, { domain: "mock" })).toThrow(
      join(directory, "tau2/domains/mock/policy.md"),
    );
    const file = join(directory, "x.md");
    writeFileSync(file, Buffer.from([0x41, 0xff]));
    expect(() => readPromptFile(file, "policy")).toThrow(`policy ${file} is not UTF-8 text`);
    writeFileSync(file, "a\r\nb\rc");
    expect(readPromptFile(file, "policy")).toBe("a\nb\nc");
  } finally {
    rmSync(directory, { recursive: true });
  }
});
