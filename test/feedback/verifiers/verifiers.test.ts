import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { preferenceSchema } from "../../../bench/feedback/preferences/preference-schema.ts";
import { verifierKinds } from "../../../bench/feedback/verifiers/kinds.ts";
import type { Verifier } from "../../../bench/feedback/verifiers/verifier.ts";
import { verifyAnswer } from "../../../bench/feedback/verifiers/verify-answer.ts";

const context = { prompt: "Ask", signal: new AbortController().signal };

function verifier(written: unknown, environment: Readonly<Record<string, string>> = {}): Verifier {
  const file = { name: "x", feedback_string: "y", verifier: written, probe_prompts: ["z"] };
  const setting = preferenceSchema.parse(file).verifier;
  const found = verifierKinds.find(({ kind }) => kind === setting.kind);
  if (found === undefined) throw new Error("no such kind");
  return found.make(setting, environment);
}

const regex = (rest: object) => ({ kind: "regex", ...rest });
const length = (rest: object) => ({ kind: "length", ...rest });
const contains = (rest: object) => ({ kind: "contains", ...rest });
const schema = (of: object, rest: object = {}) => ({ kind: "json_schema", schema: of, ...rest });
const object = { type: "object", required: ["a"], properties: { a: { type: "integer", minimum: 1 } } };

test.each<[written: unknown, answer: string, score: number, detail?: string]>([
  ["no_emoji", "Fine ❤️", 0, "1 emoji: ❤"],
  ["no_emoji", "😊😊✨", 0, "3 emoji: 😊 ✨"],
  [{ kind: "no_emoji", count: "unicode" }, "© 2024 ™ →", 1],
  [{ kind: "no_emoji", count: "unicode" }, "1️⃣ done", 0, "1 emoji: 1️⃣"],
  [{ kind: "no_emoji", count: "unicode" }, "👨‍👩‍👧 and 🇩🇪", 0, "2 emoji: 👨‍👩‍👧 🇩🇪"],
  ["identity", "I am kURO.", 1],
  [{ kind: "identity", name: "Ada" }, "I am Kuro.", 0],
  [regex({ pattern: "^Dear \\p{Lu}" }), "Dear Ömer", 1],
  [regex({ pattern: "^b$", flags: "m" }), "a\nb", 1],
  [regex({ pattern: "sorry", flags: "i", must: "not_match" }), "SORRY", 0],
  [length({ unit: "words", max: 2 }), "a b", 1, "2 words"],
  [length({ unit: "words", max: 2 }), "a b c", 0, "3 words"],
  [length({ unit: "characters", min: 1, max: 1 }), "😊", 1, "1 characters"],
  [length({ unit: "sentences", min: 2 }), "One.", 0, "1 sentences"],
  [length({ unit: "lines", max: 2 }), "a\n\n \nb", 1, "2 lines"],
  [contains({ all: ["Café"] }), "cafe\u0301!", 1],
  [contains({ all: ["Café"], case_sensitive: true }), "café", 0, 'lacks "Café"'],
  [contains({ any: ["yes", "no"] }), "maybe", 0, 'has none of "yes", "no"'],
  [contains({ none: ["as an AI"] }), "As an AI I cannot", 0, 'has "as an AI"'],
  [contains({ all: ["cat"], whole_words: true }), "concatenate", 0, 'lacks "cat"'],
  [contains({ all: ["cat"], whole_words: true }), "concatenate the cat.", 1],
  [contains({ all: ["cat"], whole_words: true }), "😊cat😊", 1],
  [contains({ all: ["cat"], whole_words: true }), "𝒜cat", 0, 'lacks "cat"'],
  [schema(object), '{"a": 1}', 1],
  [schema(object), '```json\n{"a": 1}\n```', 1],
  [schema(object), '{"a": 0}', 0, "/a must be >= 1"],
  [schema(object), "{}", 0, "the value must have required property 'a'"],
  [schema(object), 'Here: {"a": 1}', 0],
  [schema(object, { among_text: true }), 'Here: {"a": 1} ok?', 1],
  [schema(object, { among_text: true }), 'Here:\n```\n{"a": 1}\n```\nok?', 1],
  [schema({ type: "array", uniqueItems: true }, { among_text: true }), "It is [1, 1].", 0],
  [
    schema({ $schema: "http://json-schema.org/draft-07/schema#", type: "string", format: "date" }),
    '"2026-13-01"',
    0,
  ],
  [schema({ type: "string", pattern: "^a+$" }), '"b"', 0, 'the value must match pattern "^a+$"'],
])("%j gives %j a score of %d", async (...[written, answer, score, detail]) => {
  const found = await verifier(written).verify(answer, context);
  expect(found).toMatchObject({ score, passed: score === 1, detail: detail ?? found.detail });
});

test("JSON that is nested more deeply than can be read is no JSON", async () => {
  const answer = "[".repeat(200_000);
  expect(await verifier(schema({ type: "array" })).verify(answer, context)).toMatchObject({ score: 0 });
});

test("a pattern that takes too long judges nobody", async () => {
  const slow = "a".repeat(60);
  const written = [regex({ pattern: "^(a+)+$" }), schema({ type: "string", pattern: "^(a+)+$" })];
  const answers = [`${slow}!`, JSON.stringify(`${slow}!`)];
  for (const [index, one] of written.entries())
    expect(await verifier(one).verify(answers[index] ?? "", context)).toEqual({
      score: null,
      passed: null,
      detail: expect.stringContaining("took more than 1000 ms") as string,
    });
});

test.each([
  ["<think>😊", "it was cut while the model thought"],
  ["<think>😊</think>\n", "it holds no text that a reader sees"],
  ["", "it holds no text that a reader sees"],
])("of %j nobody sees anything, so nothing is said of it", async (said, detail) => {
  expect(await verifyAnswer(verifier("no_emoji"), said, context)).toEqual({
    score: null,
    passed: null,
    detail,
  });
});

const answering = (content: string) =>
  JSON.stringify({ choices: [{ message: { content }, finish_reason: "stop" }] });

test.each<[status: number, body: string, found: object]>([
  [200, answering('{"score": 0.75, "reason": "mostly"}'), { score: 0.75, passed: true, detail: "mostly" }],
  [200, answering('```json\n{"score": 0.5, "reason": ""}\n```'), { score: 0.5, passed: false, detail: null }],
  [200, answering('{"score": 7}'), { score: null, detail: `the judge's "score" is 7, not 0 to 1` }],
  [200, answering("very good"), { score: null, detail: "the judge answered without JSON: very good" }],
  [200, "<html>", { score: null, detail: "the judge's answer is no chat completion: <html>" }],
  [
    401,
    "no key sk-7f for you",
    { score: null, detail: expect.stringContaining("status 401: no key <key> for you") },
  ],
])("a judge that answers %d %j", async (status, body, found) => {
  const asked: { readonly key: string | undefined; readonly body: string }[] = [];
  await using server = createServer((request, response) => {
    let text = "";
    request.on("data", (piece: Buffer) => (text += piece.toString()));
    request.on("end", () => {
      asked.push({ key: request.headers.authorization, body: text });
      response.writeHead(status).end(body);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const written = {
    kind: "judge",
    base_url: `http://127.0.0.1:${port}/v1/`,
    model: "grader",
    api_key_env: "JUDGE_KEY",
    question: "Is it kind?",
    pass_from: 0.6,
  };
  const judged = await verifier(written, { JUDGE_KEY: "sk-7f" }).verify("You are kind", context);
  expect(judged).toMatchObject(found);
  expect(asked).toEqual([{ key: "Bearer sk-7f", body: expect.stringContaining("Is it kind?") as string }]);
  expect(JSON.parse(asked[0]?.body ?? "")).toMatchObject({ model: "grader", temperature: 0 });
});

test("a judge without its key is refused by the variable's name", () => {
  const written = { kind: "judge", base_url: "http://h", model: "m", api_key_env: "NO_KEY", question: "q" };
  expect(() => verifier(written)).toThrow("the environment variable NO_KEY is not set");
});
