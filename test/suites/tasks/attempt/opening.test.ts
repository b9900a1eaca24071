import { expect, test } from "vitest";
import type { Exchange } from "../../../../bench/workload/exchange.ts";
import { openingOf } from "../../../../suites/tasks/attempt/opening.ts";

const said = { system: "said", tools: "[]" };
const request = (body: unknown) =>
  ({
    method: "POST",
    path: "/v1/chat/completions",
    requestBody: typeof body === "string" ? body : JSON.stringify(body),
  }) as Exchange;

test.each([
  ["nothing was asked", [], said],
  ["a body that was cut", [request('{"messages":[')], said],
  ["neither system message nor tools", [request({ messages: [{ role: "user", content: "x" }] })], said],
  [
    "both, of the first request",
    [
      request({ messages: [{ role: "system", content: "You are" }], tools: [{ type: "function" }] }),
      request({ messages: [{ role: "system", content: "later" }] }),
    ],
    { system: "You are", tools: '[{"type":"function"}]' },
  ],
  [
    "a text in parts",
    [
      request({
        messages: [
          {
            role: "system",
            content: [
              { type: "text", text: "a" },
              { type: "text", text: "b" },
            ],
          },
        ],
      }),
    ],
    { system: "ab", tools: "[]" },
  ],
])("what the model was given at first: %s", (_, exchanges, expected) => {
  expect(openingOf(exchanges, said)).toEqual(expected);
});
