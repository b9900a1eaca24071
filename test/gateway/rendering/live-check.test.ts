import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toolFormNames } from "../../../bench/gateway/rendering/tool-forms.ts";
import { CallTree } from "../../../bench/gateway/sessions/call-tree.ts";
import { renderConversation } from "../../../bench/gateway/rendering/conversation-prompt.ts";
import { loadPromptModel } from "../../../bench/gateway/rendering/model-folder.ts";
import { parseForTemplate } from "../../../bench/gateway/rendering/python-literals.ts";
import { startEngine, type EngineProcess } from "../../simulator/engine-process.ts";
import { messageLists, type ChatInput } from "./message-lists.ts";

const model = loadPromptModel("bench/simulator/model");
let engine: EngineProcess;

/** The form in which this engine's template gets tools. */
let toolForm: string;

beforeAll(async () => {
  engine = await startEngine();
  const tools = [
    { type: "function", function: { name: "f", parameters: { type: "object" }, description: "F" } },
  ];
  const body = JSON.stringify({ messages: [{ role: "user", content: "a" }], tools });
  const ids = (await engineIds(body)).join();
  const found = toolFormNames.find((name) => rendered(body, name).join() === ids);
  if (found === undefined) throw new Error("the engine has tools in a form that is not known");
  toolForm = found;
});
afterAll(() => engine[Symbol.asyncDispose]());

/** The engine's own rendering, by other code than ours. */
async function engineIds(body: string): Promise<readonly number[]> {
  const response = await fetch(`${engine.url}/tokenize`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(text);
  return (JSON.parse(text) as { tokens: number[] }).tokens;
}

test("1,000 generated message lists become the ids that the engine makes of them", async () => {
  const inputs = fc.sample(messageLists, { seed: 5, numRuns: 1_000 });
  for (const batch of Array.from({ length: 40 }, (_, at) => inputs.slice(at * 25, at * 25 + 25))) {
    await Promise.all(
      batch.map(async (input) => {
        const body = JSON.stringify(input);
        expect([...rendered(body)]).toEqual(await engineIds(body));
      }),
    );
  }
});

test("numbers and keys that JavaScript writes in another way than Python", async () => {
  const value = '{"b":1.0,"2":1e2,"1":12345678901234567890,"c":[-0.0,1e16,0.00001],"d":1.5,"e":{"10":null}}';
  const call = { function: { name: "f", arguments: value } };
  const body = `{"messages":[{"role":"user","content":"a \\"1.0\\": b"},{"role":"assistant","content":null,"tool_calls":[${JSON.stringify(call)}]},{"role":"tool","content":"1.0"}]}`;
  expect([...rendered(body)]).toEqual(await engineIds(body));
});

function rendered(body: string, form = toolForm): Int32Array {
  const input = parseForTemplate(body) as ChatInput;
  const prompt = {
    messages: input.messages,
    tools: input.tools ?? [],
    toolForm: form,
    variables: {},
  };
  return renderConversation(prompt, model, new CallTree()).ids;
}
