import { expect, test } from "vitest";
import { generationAdvice } from "../../bench/preflight/generation-advice.ts";

const part = {
  urlSetting: "stack.agent.url",
  modelSetting: "stack.agent.model",
  keySetting: "stack.agent.apiKeyEnv",
};

test.each<[string, RegExp | null]>([
  [
    "an answer that cannot be read in 1 of its parts, the first: no JSON object: <!doctype html><title>Chat</title>",
    /A web page answered: is stack\.agent\.url/,
  ],
  ["404 <html><body>nginx</body></html>", /A web page answered/],
  ["307 ", /Redirects are not followed.*stack\.agent\.url/],
  ["301 Moved", /Redirects are not followed/],
  ['401 {"error":{"message":"Invalid API key"}}', /It wants a key: set stack\.agent\.apiKeyEnv/],
  ["403 forbidden", /It wants a key/],
  [
    '404 {"error":{"message":"The model `field` does not exist.","type":"NotFoundError"}}',
    /set stack\.agent\.model to one/,
  ],
  ['400 {"error":{"message":"Unknown model: x"}}', /set stack\.agent\.model to one/],
  ['404 {"detail":"Not Found"}', /It has no POST \/v1\/chat\/completions: is stack\.agent\.url/],
  ["405 Method Not Allowed", /It has no POST/],
  ['400 {"error":{"message":"max_tokens is too small"}}', /It refuses the request/],
  ['422 {"detail":[{"msg":"field required"}]}', /It refuses the request/],
  ["503 not ready", null],
  ["500 ", null],
  ["no answer in 8 s", null],
  ["an empty answer", null],
])("%s", (problem, said) => {
  expect(generationAdvice(problem, part) ?? "nothing to say").toMatch(said ?? /^nothing to say$/);
});

test("a key that was refused is called by the name of its variable", () => {
  expect(generationAdvice("401 no", { ...part, apiKeyEnv: "MY_KEY" })).toBe(
    "The key in MY_KEY was refused: is it the key of this server, and may it generate?",
  );
});
