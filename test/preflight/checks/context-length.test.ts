import { expect, test } from "vitest";
import { contextLengthCheck } from "../../../bench/preflight/checks/context-length.ts";
import { contextLength, countTokens } from "../../../bench/preflight/engine-questions.ts";
import { given, type Given } from "../given.ts";

const longestPrompt = { system: "Be helpful.", toolsJson: '[{"type":"function"}]' };
const conversation = 16_384;

async function finding(context: number | null, changes: Partial<Given["context"] & object> = {}) {
  await using rig = await given({
    answers: {
      "/engine/server_info": () => (context === null ? null : { context_length: context }),
      "/engine/tokenize": () => ({ count: 1_000 }),
    },
    context: { longestPrompt, ...changes },
  });
  const { experiment } = rig.context;
  const sampling = { ...experiment.sampling, maxTokens: 500 };
  const { findings } = await contextLengthCheck.run({
    ...rig.context,
    experiment: { ...experiment, sampling },
  });
  return findings[0]!;
}

test("a prompt and an answer that do not fit by one token fail, with the length that would do", async () => {
  expect(await finding(1_499)).toMatchObject({
    status: "failed",
    what: expect.stringContaining("= 1500: every first request would be refused"),
    change: expect.stringContaining(`--context-length ${1_500 + conversation} or more`),
  });
});

test("from no room for a conversation up to one token too little it is a warning with the room that is left", async () => {
  expect(await finding(1_500)).toMatchObject({
    status: "warning",
    what: expect.stringContaining("leaves 0 "),
  });
  expect(await finding(1_500 + conversation - 1)).toMatchObject({
    status: "warning",
    what: expect.stringContaining(`leaves ${conversation - 1} `),
  });
});

test("room for exactly a conversation is ok", async () => {
  expect(await finding(1_500 + conversation)).toMatchObject({ status: "ok", change: null });
});

test("nothing is claimed where the engine or the workload does not tell", async () => {
  expect(await finding(null)).toMatchObject({
    status: "not checked",
    what: expect.stringContaining("engine"),
  });
  expect(await finding(10, { longestPrompt: null })).toMatchObject({
    status: "not checked",
    what: expect.stringContaining("workload"),
  });
});

/** What the engine's pages make of its context length and of the tokens of a prompt. */
async function asked(answers: Given["answers"]) {
  await using rig = await given({ answers });
  const { agentEngine } = rig.context.stack;
  const prompt = { messages: [{ role: "user", content: "12345" }], tools: [] };
  return { length: await contextLength(agentEngine), counted: await countTokens(agentEngine, prompt) };
}

test("SGLang's own page comes before the model's entry, that before llama.cpp's; other models do not count", async () => {
  const pages: Given["answers"] = {
    "/engine/server_info": () => ({ context_length: 1 }),
    "/engine/v1/models": () => ({
      data: [
        { id: "other", max_model_len: 9 },
        { id: "m", max_model_len: 2 },
      ],
    }),
    "/engine/props": () => ({ default_generation_settings: { n_ctx: 3 } }),
  };
  expect((await asked(pages)).length).toBe(1);
  expect((await asked({ ...pages, "/engine/server_info": () => ({ context_length: null }) })).length).toBe(2);
  const otherOnly = () => ({ data: [{ id: "other", max_model_len: 9 }] });
  const llama = { "/engine/v1/models": otherOnly, "/engine/props": pages["/engine/props"]! };
  expect((await asked(llama)).length).toBe(3);
  expect((await asked({ "/engine/v1/models": otherOnly })).length).toBeNull();
});

test("a tokenizer that ignores messages is asked for the text, and a count of nothing is no count", async () => {
  const byField = (field: string, count: number) => (body: Record<string, unknown>) =>
    field in body ? { count } : { count: 0 };
  const of = async (field: string) => (await asked({ "/engine/tokenize": byField(field, 7) })).counted;
  expect(await of("messages")).toEqual({ tokens: 7, by: "exact" });
  expect(await of("prompt")).toEqual({ tokens: 7, by: "text" });
  expect(await of("content")).toEqual({ tokens: 7, by: "text" });
  const list = (body: Record<string, unknown>) => ({ tokens: "content" in body ? [1, 2] : [] });
  expect((await asked({ "/engine/tokenize": list })).counted).toEqual({ tokens: 2, by: "text" });
  // Five characters of text and the line break before the tools.
  expect(await of("nothing")).toEqual({ tokens: 2, by: "estimated" });
});
