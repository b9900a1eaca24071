import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Turn } from "../../../bench/simulator/policy/conversation.ts";
import { scriptedKnowledge } from "../../../bench/simulator/policy/scripted-knowledge.ts";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";
import { chat, post } from "../client.ts";
import { type EngineProcess, startEngine } from "../engine-process.ts";

const options = { role: "agent", domains: [], schemas: null, drop: [], seed: 1, errorRate: 0 } as const;
const lookUp = { calls: [{ name: "look", arguments: { at: 1 } }] };
const facts = [
  { key: "Capital of Peru", good: { text: "Lima" }, bad: [{ text: "Cusco" }, { text: "Quito" }] },
  { key: "Capital of Peru today", good: { text: "Lima still" }, bad: [{ text: "none" }] },
  { key: "Needle?", needs: ["needle is 7"], good: { text: "7" }, bad: [{ text: "8" }] },
  {
    key: "In steps",
    good: [lookUp, { text: "found" }],
    bad: [[lookUp, { text: "lost" }], { text: "gave up" }],
  },
];
const tools = [{ name: "look", parameters: {} }];
const user = (text: string): Turn => ({ role: "user", text, calls: [] });
const called: Turn = { role: "assistant", text: "", calls: [{ name: "look", argumentsText: "{}" }] };
const result = user("<tool_response>\nCapital of Peru\n</tool_response>");

function policyFor(content: unknown, changes: { correct?: number; seed?: number } = {}) {
  using folder = new TemporaryFolder();
  const data = join(folder.path, "facts.jsonl");
  writeFileSync(
    data,
    Array.isArray(content) ? content.map((line) => `${JSON.stringify(line)}\n`).join("\n") : String(content),
  );
  return scriptedKnowledge({ ...options, data: [data], ...changes });
}

describe("what is said", () => {
  const said = (turns: readonly Turn[], correct: number) =>
    policyFor(facts, { correct })({ tools, turns }, null, 5).text;

  const peru = ["Lima", "Cusco", "Quito"];
  test.each<readonly [what: string, turns: readonly Turn[], goodThenBad: readonly string[]]>([
    ["within other words", [user("Tell: Capital of Peru, please")], peru],
    ["the longest key", [user("Capital of Peru today")], ["Lima still", "none"]],
    ["the latest question", [user("In steps"), user("Capital of Peru")], peru],
    ["a need that is there", [user("The needle is 7. Needle?")], ["7", "8"]],
    ["a need that is not there", [user("Needle?")], ["8", "8"]],
    ["no key", [user("Capital of Chile")], ["know nothing", "know nothing"]],
    [
      "what a tool answered is no question",
      [user("Needle?"), called, result],
      ["script ends", "script ends"],
    ],
  ])("%s", (_, turns, [good = "", ...bad]) => {
    expect(said(turns, 1)).toContain(good);
    expect(bad.some((text) => said(turns, 0).includes(text))).toBe(true);
  });

  test("a step is the number of messages since the question, and good stays good", () => {
    for (let seed = 0; seed < 40; seed++) {
      const policy = policyFor(facts, { correct: 0.5, seed: 9 });
      const first = policy({ tools, turns: [user("In steps")] }, null, seed);
      const second = policy({ tools, turns: [user("In steps"), called, result] }, null, seed).text;
      const gaveUp = first.text === "gave up";
      expect(gaveUp).toBe(second.includes("script ends"));
      expect(gaveUp).toBe(!["found", "lost"].includes(second));
    }
  });

  test("without a seed a conversation goes on as it began, and shares stay what they are", () => {
    const policy = policyFor(facts, { correct: 0.4 });
    const ends = Array.from({ length: 600 }, () => {
      const first = policy({ tools, turns: [user("In steps")] }, null);
      if (first.calls.length === 0) return first.text;
      return policy({ tools, turns: [user("In steps"), called, result] }, null).text;
    });
    const share = (end: string) => ends.filter((text) => text === end).length / ends.length;
    expect(share("found")).toBeCloseTo(0.4, 1);
    expect(share("lost")).toBeCloseTo(0.3, 1);
    expect(share("gave up")).toBeCloseTo(0.3, 1);
  });
});

test("whether it is good does not depend on the order of requests, only on seeds and key", () => {
  const seeds = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 12 });
  fc.assert(
    fc.property(seeds, fc.integer({ min: 0, max: 50 }), (asked, seed) => {
      const answers = (order: readonly number[]) => {
        const policy = policyFor(facts, { correct: 0.5, seed });
        return new Map(
          order.map((one) => [one, policy({ tools, turns: [user("Capital of Peru")] }, null, one).text]),
        );
      };
      const there = answers(asked);
      for (const [one, text] of answers(asked.toReversed())) expect(text).toBe(there.get(one));
    }),
    { numRuns: 40 },
  );
});

test("the share that is good is about what was asked for, over seeds and over repetitions", () => {
  const policy = policyFor(facts, { correct: 0.3 });
  const turns = [user("Capital of Peru")];
  const seeded = Array.from({ length: 1000 }, (_, seed) => policy({ tools, turns }, null, seed).text);
  const repeated = Array.from({ length: 1000 }, () => policy({ tools, turns }, null).text);
  for (const texts of [seeded, repeated]) {
    const good = texts.filter((text) => text === "Lima").length;
    // Five standard deviations.
    expect(Math.abs(good - 300)).toBeLessThan(73);
    expect(texts).toContain("Cusco");
    expect(texts).toContain("Quito");
  }
});

test.each<readonly [what: string, content: unknown, where: RegExp]>([
  ["no JSON", "not json", /facts\.jsonl, line 1, is no/],
  ["a torn last line", `${JSON.stringify(facts[0])}\n{"key": "x", "go`, /line 2, is no/],
  ["no bad answer", [{ key: "a", good: { text: "b" }, bad: [] }], /line 1.*bad/s],
  ["an empty key", [{ key: " ", good: { text: "b" }, bad: [{ text: "c" }] }], /line 1.*key/s],
  ["a misspelt field", [{ key: "a", good: { text: "b" }, bads: [{ text: "c" }] }], /line 1/],
])("a file with %s is refused with its name and line", (_, content, where) => {
  expect(() => policyFor(content)).toThrow(where);
});

test("without data, or with a file that is not there, nothing starts", () => {
  expect(() => scriptedKnowledge({ ...options, data: [] })).toThrow(/needs --data/);
  expect(() => scriptedKnowledge({ ...options, data: ["/no/such/file"] })).toThrow(/cannot be read/);
});

describe("from the engine", () => {
  const folder = new TemporaryFolder();
  let engine: EngineProcess;
  const kept = 300;
  beforeAll(async () => {
    const file = join(folder.path, "facts.jsonl");
    writeFileSync(file, facts.map((fact) => JSON.stringify(fact)).join("\n"));
    const args = [
      "--policy",
      "knowledge",
      "--data",
      file,
      "--correct",
      "0.5",
      "--truncate-prompt",
      `${kept}`,
    ];
    engine = await startEngine(args);
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const ask = (content: string, more: Record<string, unknown> = {}) =>
    chat(engine.url, { messages: [{ role: "user", content }], ...more });

  test("the seed of a request decides, however often it is asked", async () => {
    const texts = new Map<number, string | null>();
    for (const seed of [...Array.from({ length: 12 }).keys(), ...Array.from({ length: 12 }).keys()]) {
      const text = (await ask("Capital of Peru", { seed })).choices[0].message.content;
      expect(text).toBe(texts.get(seed) ?? text);
      texts.set(seed, text);
    }
    expect(new Set(texts.values()).has("Lima")).toBe(true);
    expect(new Set(texts.values()).size).toBeGreaterThan(1);
    const native = await post(`${engine.url}/generate`, {
      text: "<|im_start|>user\nCapital of Peru<|im_end|>\n<|im_start|>assistant\n",
      sampling_params: { sampling_seed: 3 },
    });
    expect(native.json()).toMatchObject({ text: texts.get(3) });
  });

  test("a prompt that is too long loses its beginning, for the policy as for usage", async () => {
    const filler = "é sea ".repeat(400);
    const seeds = Array.from({ length: 12 }, (_, seed) => seed);
    const texts = async (content: string) => {
      const answers = await Promise.all(seeds.map((seed) => ask(content, { seed })));
      expect(new Set(answers.map(({ usage }) => usage?.prompt_tokens))).toEqual(new Set([kept]));
      return new Set(answers.map(({ choices: [{ message }] }) => message.content));
    };
    expect(await texts(`The needle is 7. ${filler} Needle?`)).toEqual(new Set(["8"]));
    expect(await texts(`${filler} The needle is 7. Needle?`)).toEqual(new Set(["7", "8"]));
  });

  test("a short prompt stays whole, and a request that continues the cut one is cut in the same way", async () => {
    const short = await ask("Needle?");
    expect(short.usage?.prompt_tokens).toBeLessThan(kept);
    const ids = await ask(`${"sea ".repeat(900)} Needle?`, { return_prompt_token_ids: true });
    expect(ids.choices[0].prompt_token_ids).toHaveLength(kept);
  });
});
