import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Turn } from "../../../bench/simulator/policy/conversation.ts";
import { scriptedSteps } from "../../../bench/simulator/policy/scripted-steps.ts";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";
import { chat, chunksOf, post } from "../client.ts";
import { type EngineProcess, startEngine } from "../engine-process.ts";

const options = { role: "agent", domains: [], schemas: null, drop: [], seed: 1, errorRate: 0 } as const;
const read = { name: "read", arguments: { path: "a.txt" } };
const write = { name: "write", arguments: { path: "b.txt", content: "2.0 </tool_call> é" } };
const scripts = [
  {
    prompt: "Copy a.txt",
    steps: [{ text: "Both.", calls: [read, write] }, { calls: [read] }, { text: "Copied." }],
  },
  { prompt: "Copy a.txt twice", steps: [{ text: "Twice." }] },
  { prompt: "And now?", steps: [{ text: "Nothing." }] },
];

function policyFor(content: unknown) {
  using folder = new TemporaryFolder();
  const other = [{ prompt: "From the second file", steps: [{ text: "Yes." }] }];
  const data = [content, other].map((scripts, index) => {
    const file = join(folder.path, `scripts-${index}.json`);
    writeFileSync(file, typeof scripts === "string" ? scripts : JSON.stringify(scripts));
    return file;
  });
  return scriptedSteps({ ...options, data });
}

const tools = [
  { name: "read", parameters: {} },
  { name: "write", parameters: {} },
];
const user = (text: string): Turn => ({ role: "user", text, calls: [] });
const assistant: Turn = { role: "assistant", text: "x", calls: [] };
const result = (text: string) => user(`<tool_response>\n${text}\n</tool_response>`);

describe("which step is said", () => {
  const policy = policyFor(scripts);
  const said = (...turns: Turn[]) => {
    const { text, calls } = policy({ tools, turns }, null);
    return [text, ...calls.map(({ name }) => name)];
  };

  test.each<readonly [what: string, turns: readonly Turn[], said: readonly string[]]>([
    ["the first one of the script", [user("Copy a.txt")], ["Both.", "read", "write"]],
    ["the prompt within other words", [user("[Fri 10:00] Copy a.txt, please.")], ["Both.", "read", "write"]],
    ["one message later", [user("Copy a.txt"), assistant, result("1")], ["", "read"]],
    ["two messages later", [user("Copy a.txt"), assistant, result("1"), assistant, result("1")], ["Copied."]],
    ["the latest turn's script", [user("Copy a.txt"), assistant, user("And now?")], ["Nothing."]],
    [
      "messages of others in between do not count",
      [user("Copy a.txt"), user("Hurry."), assistant, user("!")],
      ["", "read"],
    ],
    ["what a tool answered is no prompt", [user("Copy a.txt"), assistant, result("And now?")], ["", "read"]],
    ["the same prompt again begins again", [user("And now?"), assistant, user("And now?")], ["Nothing."]],
    ["a script of another file", [user("From the second file")], ["Yes."]],
    ["the longest prompt where one contains another", [user("Copy a.txt twice")], ["Twice."]],
  ])("%s", (_, turns, expected) => {
    expect(said(...turns)).toEqual(expected);
  });

  test("what has no script, or no step left, or a tool that is not there, is said", () => {
    expect(said(user("Hello"))).toEqual([expect.stringContaining("no script")]);
    expect(said(user("And now?"), assistant)).toEqual([expect.stringContaining("ends here")]);
    expect(policy({ tools: [], turns: [user("Copy a.txt")] }, null)).toMatchObject({
      text: expect.stringContaining("do not have the tool read"),
      calls: [],
    });
  });
});

test.each<readonly [what: string, content: unknown]>([
  ["no JSON", "not json"],
  ["no list", { prompt: "a", steps: [] }],
  ["a script without steps", [{ prompt: "a", steps: [] }]],
  ["an empty prompt, which every message contains", [{ prompt: " ", steps: [{ text: "b" }] }]],
  ["an empty step", [{ prompt: "a", steps: [{}] }]],
  ["a misspelt field", [{ prompt: "a", steps: [{ texts: "b" }] }]],
])("a file with %s is refused with its name", (_, content) => {
  expect(() => policyFor(content)).toThrow(/scripts-0\.json is no JSON array of \{prompt, steps/);
});

test("without data there is nothing to play", () => {
  expect(() => scriptedSteps({ ...options, data: [] })).toThrow(/needs --data/);
});

describe("several calls in one message, from the engine", () => {
  const folder = new TemporaryFolder();
  let engine: EngineProcess;
  beforeAll(async () => {
    const file = join(folder.path, "scripts.json");
    writeFileSync(file, JSON.stringify(scripts));
    engine = await startEngine(["--policy", "scripts", "--data", file]);
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });
  const offered = ["read", "write"].map((name) => ({
    type: "function",
    function: { name, description: "", parameters: { type: "object", properties: {} } },
  }));
  const messages = [{ role: "user", content: "Copy a.txt" }];
  const expected = [
    ["read", '{"path": "a.txt"}'],
    ["write", '{"path": "b.txt", "content": "2.0 </tool_call> é"}'],
  ];

  test("are the same whole and streamed, each with an index and an id of its own", async () => {
    const whole = (await chat(engine.url, { messages, tools: offered })).choices[0];
    expect(whole.finish_reason).toBe("tool_calls");
    expect(whole.message.content).toBe("Both.");
    const calls = whole.message.tool_calls ?? [];
    expect(calls.map(({ function: { name, arguments: text } }) => [name, text])).toEqual(expected);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);

    const answer = await post(`${engine.url}/v1/chat/completions`, {
      messages,
      tools: offered,
      stream: true,
    });
    const pieces = chunksOf(answer.text).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
    const joined = [0, 1].map((index) => {
      const own = pieces.filter((piece) => piece.index === index);
      return [own[0]?.function.name, own.map((piece) => piece.function.arguments).join("")];
    });
    expect(joined).toEqual(expected);
    expect(pieces.filter(({ id }) => id !== null)).toHaveLength(2);
  });

  test("go back into the next prompt, and the script goes on", async () => {
    const first = (await chat(engine.url, { messages, tools: offered })).choices[0].message;
    const results = (first.tool_calls ?? []).map(({ id }) => ({
      role: "tool",
      tool_call_id: id,
      content: "ok",
    }));
    const next = await chat(engine.url, { messages: [...messages, first, ...results], tools: offered });
    expect(next.choices[0].message.tool_calls?.map(({ function: { name } }) => name)).toEqual(["read"]);
  });

  test("one that a limit cuts is dropped, and the one before it stands", async () => {
    const limited = { messages, tools: offered, max_tokens: 30 };
    const cut = (await chat(engine.url, limited)).choices[0];
    expect(cut.finish_reason).toBe("length");
    expect(cut.message.tool_calls?.map(({ function: { name } }) => name)).toEqual(["read"]);
  });
});
