import { expect, test } from "vitest";
import { ConfigError } from "../../../bench/errors.ts";
import { drawSalt, replayBody } from "../../../bench/run/replay/request-body.ts";

test("a request keeps its messages and tools; model, limit, temperature and usage are the replay's", () => {
  const recorded = {
    model: "old",
    stream: true,
    temperature: 1,
    max_completion_tokens: 4000,
    seed: 7,
    tools: [{ type: "function" }],
    messages: [
      { role: "system", content: "Be exact." },
      { role: "user", content: "Hi" },
    ],
  };
  const changes = { model: "new", maxTokens: 64, temperature: 0, salt: null };
  const body = (of: object, more = {}): unknown =>
    JSON.parse(replayBody(JSON.stringify(of), { ...changes, ...more }));
  const { max_completion_tokens: _old, ...kept } = recorded;
  const expected = {
    ...kept,
    model: "new",
    temperature: 0,
    max_tokens: 64,
    stream_options: { include_usage: true },
  };
  expect(body(recorded)).toEqual(expected);
  expect(body({ ...recorded, max_completion_tokens: 10 })).toMatchObject({ max_tokens: 10 });
  expect(body(recorded, { salt: "123" })).toEqual({
    ...expected,
    messages: [{ role: "system", content: "123 Be exact." }, recorded.messages[1]],
  });
  const parts = { messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }] };
  expect(body(parts, { salt: "123" })).toMatchObject({
    messages: [
      {
        content: [
          { type: "text", text: "123" },
          { type: "text", text: "Hi" },
        ],
      },
    ],
  });
  expect(() => replayBody('{"prompt":"x"}', changes)).toThrow(ConfigError);
  expect(() => replayBody("nonsense", changes)).toThrow(/no chat completion/);
  expect(drawSalt(() => 0.55)).toBe("555555555555");
});
