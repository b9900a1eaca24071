import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readJudgeSystemPrompt } from "../../../../openclaw-tau2/tau2/judging/judge-prompt.ts";
import {
  agentSystemPrompt,
  readAgentPrompt,
  soloAgentSystemPrompt,
} from "../../../../openclaw-tau2/tau2/text/agent-prompt.ts";

const own = join(import.meta.dirname, "../../../../openclaw-tau2/data/tau2/agent_instruction.md");
const checkout = process.env["TAU2_CHECKOUT"] ?? "";
const golden = join(process.env["TOLLGATE_SHARED"] ?? "../shared", "tau2/golden");
let directory = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tollgate-agent-prompt-"));
});

afterEach(() => rmSync(directory, { recursive: true }));

function write(path: string, text: string): string {
  const file = join(directory, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
  return file;
}

test("a checkout's own constants come first", () => {
  write(
    "src/tau2/agent/llm_agent.py",
    'AGENT_INSTRUCTION = """\nHelp.\n""".strip()\nSYSTEM_PROMPT = """\n[{agent_instruction}]\n({domain_policy})\n""".strip()\n' +
      'AGENT_SOLO_INSTRUCTION = "Call {stop_function_name}."\n' +
      'SYSTEM_PROMPT_SOLO = "{agent_instruction} {domain_policy} {ticket}"\n',
  );
  const prompt = readAgentPrompt({ checkoutDirectory: directory, instructionFile: own });
  expect(prompt.source).toBe(join(directory, "src/tau2/agent/llm_agent.py"));
  expect(agentSystemPrompt(prompt, "{agent_instruction} stays")).toBe("[Help.]\n({agent_instruction} stays)");
  expect(soloAgentSystemPrompt(directory, { policy: "P", ticket: null })).toBe("Call done. P None");
});

test("without a checkout a policies file that quotes the instruction will do", () => {
  const policiesFile = write("policies.json", '{"agent_instruction": {"text": "Help."}}');
  const prompt = readAgentPrompt({ checkoutDirectory: directory, policiesFile });
  expect(agentSystemPrompt(prompt, "P")).toBe(
    "<instructions>\nHelp.\n</instructions>\n<policy>\nP\n</policy>",
  );
  const broken = write("broken.json", '{"agent_instruction": {}}');
  expect(() => readAgentPrompt({ policiesFile: broken })).toThrow(`${broken} quotes no agent instruction`);
});

test("our own domain has an instruction of its own, and any other needs a source", () => {
  const { instruction, source } = readAgentPrompt({ checkoutDirectory: null, instructionFile: own });
  expect([source, instruction]).toEqual([own, readFileSync(own, "utf8").trim()]);
  expect(() => readAgentPrompt({ checkoutDirectory: directory })).toThrow("Set TAU2_CHECKOUT");
});

test("the judge's system prompt comes from a checkout or from a file that quotes it", () => {
  write(
    "src/tau2/evaluator/evaluator_nl_assertions.py",
    'def f():\n    system_prompt = """\n        Judge.\n        """\n',
  );
  expect(readJudgeSystemPrompt({ checkoutDirectory: directory })).toBe("\n        Judge.\n        ");
  const promptsFile = write("judge_prompts.json", '{"system_prompt": "Judge!"}');
  expect(readJudgeSystemPrompt({ checkoutDirectory: null, promptsFile })).toBe("Judge!");
  expect(() => readJudgeSystemPrompt({ promptsFile: join(directory, "none.json") })).toThrow(
    "Set TAU2_CHECKOUT",
  );
});

test.skipIf(checkout === "" || !existsSync(golden))(
  "the checkout's texts are the ones the golden files quote",
  () => {
    const policiesFile = join(golden, "policies.json");
    const promptsFile = join(golden, "judge_prompts.json");
    const { instruction, template } = readAgentPrompt({ checkoutDirectory: checkout });
    expect({ instruction, template }).toEqual({ ...readAgentPrompt({ policiesFile }), source: undefined });
    expect(readJudgeSystemPrompt({ checkoutDirectory: checkout })).toBe(
      readJudgeSystemPrompt({ promptsFile }),
    );
  },
);
