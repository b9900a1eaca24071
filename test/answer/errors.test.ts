import { expect, test } from "vitest";
import { readAnswer } from "../../bench/answer/read-answer.ts";
import { chunk, stream } from "./answer-bodies.ts";

const text = chunk({ delta: { content: "Half an ans" } });

/** What servers send in place of an answer, with status 200. */
const errors: readonly (readonly [string, object])[] = [
  ["OpenAI", { error: { message: "full", type: "server_error", code: 503 } }],
  ["a text", { error: "full" }],
  ["a list", { error: ["full"] }],
  ["nested", { error: { error: { message: "full" } } }],
  ["true", { error: true, reason: "full" }],
  ["a number", { error: 503 }],
  ["several", { errors: [{ message: "full" }] }],
  [
    "SGLang, vLLM",
    { object: "error", message: "CUDA out of memory", type: "InternalServerError", code: 500 },
  ],
  ["Anthropic", { type: "error", error: { type: "overloaded_error", message: "full" } }],
  ["a type alone", { type: "error", message: "full" }],
  ["FastAPI", { detail: "Not Found" }],
  ["FastAPI, invalid", { detail: [{ loc: ["body"], msg: "field required" }] }],
  ["a message and a code", { message: "full", code: 503 }],
  ["a message alone", { message: "Internal server error" }],
  ["a message and a request id", { message: "Too many requests", request_id: "r1" }],
  ["Baidu", { error_code: 336_501, error_msg: "rate limit", id: "x" }],
  ["Spring", { timestamp: 1, status: 503, path: "/v1/chat/completions" }],
  ["a problem document", { type: "about:blank", title: "full", status: 503, detail: "no capacity" }],
  ["an envelope", { success: false, msg: "full", data: null }],
  ["a failed status", { id: "resp_1", status: "failed" }],
  ["AWS", { __type: "ThrottlingException", message: "slow down" }],
  ["with empty choices", { choices: [], error: { message: "full" } }],
  [
    "with the choice it ended",
    { id: "c", choices: [{ delta: {}, finish_reason: "stop" }], error: { message: "full" } },
  ],
  [
    "in the choice (OpenRouter)",
    { choices: [{ delta: {}, finish_reason: "stop", error: { code: 502, message: "full" } }] },
  ],
];

test.each(errors)(
  "%s: an error in one piece, in a stream, behind half an answer and without an empty line",
  (_name, error) => {
    const shown = JSON.stringify(
      error.constructor === Object && "choices" in error && !("error" in error) ? error.choices : error,
    );
    const line = JSON.stringify(error);
    for (const body of [
      line,
      stream(error, "[DONE]"),
      stream(text, error),
      `${stream(text)}${line}\n`,
      `[${line}]`,
    ]) {
      const answer = readAnswer(body);
      expect(answer.error).not.toBeNull();
      expect(answer.error?.length).toBeLessThanOrEqual(301);
      expect(answer.incomplete).toBe(`carries an error: ${answer.error}`);
      expect(shown).toContain(answer.error?.slice(0, 20));
    }
  },
);

const queueFull = "queue full";
/** Where servers put the words, and what says that it is an error. */
const worded: readonly (readonly [string, object])[] = [
  ["base_resp (MiniMax)", { base_resp: { status_code: 1002, status_msg: queueFull } }],
  ["base_resp with its code as a text", { base_resp: { status_code: "1002", status_msg: queueFull } }],
  ["base_resp without a code", { base_resp: { status_msg: queueFull } }],
  ["BaseResp", { BaseResp: { StatusCode: 7, StatusMessage: queueFull } }],
  ["a detail", { detail: queueFull }],
  ["a detail in a list", { detail: [{ msg: queueFull }] }],
  ["a message and a code", { message: queueFull, code: 503 }],
  ["a message and a code as a text", { message: queueFull, code: "503" }],
  ["a message and a status", { message: queueFull, status: 503 }],
  ["msg and a code", { msg: queueFull, code: 50_300 }],
  ["a message and the name of a code", { message: queueFull, code: "Throttling" }],
  ["a message alone", { message: queueFull }],
];
const long = "word ".repeat(100);
/** What stands beside them. */
const beside: readonly (readonly [string, object])[] = [
  ["nothing", {}],
  ["an error that is null", { error: null }],
  ["choices null", { id: "c", choices: null, error: null }],
  ["no choices", { choices: [], usage: null }],
  ["zeros", { id: "c", choices: [], usage: { prompt_tokens: 0, completion_tokens: 0 }, error: null }],
  ["long fields", { id: "c", usage: {}, request: { body: long }, trace: [long] }],
];

test.each(
  worded.flatMap(([name, error]) => beside.map(([with_, more]) => [name, with_, { ...more, ...error }])),
)("%s beside %s: the error carries the server's words", (_name, _with, event) => {
  for (const body of [JSON.stringify(event), stream(event, "[DONE]"), stream(text, event, "[DONE]")]) {
    const { error, incomplete, unreadable } = readAnswer(body);
    expect(error).toContain(queueFull);
    expect(error?.length).toBeLessThanOrEqual(301);
    expect(incomplete).toBe(`carries an error: ${error}`);
    expect(unreadable.count).toBe(0);
  }
});

test.each(
  [worded[0], worded[1], worded[3], worded[6], worded[7], worded[8]].flatMap((one) =>
    one === undefined ? [] : [one],
  ),
)("%s beside a choice, be it with a long answer: the error carries the server's words", (_name, error) => {
  for (const choice of [
    { delta: {} },
    { delta: { content: long }, finish_reason: "stop" },
    { message: { content: long }, finish_reason: "stop" },
  ])
    for (const event of [
      { ...chunk(choice), ...error },
      { ...error, ...chunk(choice) },
    ])
      expect(readAnswer(stream(event, "[DONE]")).error).toContain(queueFull);
});

test.each([
  ["base_resp", { base_resp: { status_code: 0, status_msg: "success" } }],
  ["base_resp without words", { base_resp: { status_code: 0, status_msg: "" } }],
  ["base_resp with a text", { base_resp: { status_code: "0" } }],
  ["an empty base_resp", { base_resp: {} }],
  ["base_resp null", { base_resp: null }],
  ["BaseResp", { BaseResp: { StatusCode: 0, StatusMessage: "" } }],
  ["a code", { code: 0, message: "success" }],
  ["a code as a text", { code: "0", msg: "OK", data: null }],
  ["a code of HTTP", { code: 200, message: "success" }],
])(
  "%s that says that all is well is no error, beside an answer and in an event of its own",
  (_name, well) => {
    const end = chunk({ delta: {}, finish_reason: "stop" });
    for (const events of [
      [text, { ...end, ...well }],
      [{ ...text, ...well }, end],
      [text, end, well],
      [well, text, end],
    ])
      expect(readAnswer(stream(...events, "[DONE]"))).toMatchObject({
        error: null,
        incomplete: null,
        unreadable: { count: 0, first: null },
      });
    expect(readAnswer(JSON.stringify(well)).incomplete).not.toBeNull();
  },
);

test.each([
  ["event: error with an object", 'event: error\ndata: {"message":"full"}\n\n', '{"message":"full"}'],
  ["event: error with a text", "event: error\ndata: queue full\n\n", "queue full"],
  ["event: error with an answer's fields", 'event: error\ndata: {"choices":[]}\n\n', '{"choices":[]}'],
  ["event: error without data", "event: error\n\n", ""],
  ["event: error behind the data", 'data: {"code":1}\nevent: error\n\n', '{"code":1}'],
  [
    "a field named error (llama.cpp)",
    'error: {"code":500,"message":"full"}\n\n',
    '{"code":500,"message":"full"}',
  ],
])("%s is an error", (_name, body, error) => {
  for (const ends of [body, body.replaceAll("\n", "\r\n"), body.replaceAll("\n", "\r")])
    expect(readAnswer(stream(text) + ends).error).toBe(error);
});

test.each([
  ["null", { error: null }],
  ["false", { error: false }],
  ["empty", { error: "" }],
  ["an empty object", { error: {} }],
  ["no errors", { errors: [], detail: null }],
  ["a code beside an answer", { code: 0, message: "success" }],
])("an answer with %s in place of an error carries none", (_name, fields) => {
  const body = stream({ ...chunk({ delta: { content: "a" }, finish_reason: "stop" }), ...fields }, "[DONE]");
  expect(readAnswer(body)).toMatchObject({ error: null, incomplete: null, text: "a" });
});

test.each([
  ["an HTML page", "<html>\n<body>502 Bad Gateway</body>\n</html>\n", 3],
  ["a line of text", "upstream connect error or disconnect/reset before headers", 1],
  ["a JSON text", '"Internal error"', 1],
  ["a number", "503", 1],
  ["half an object", '{"error":', 1],
  ["bytes", Buffer.from([0x1f, 0x8b, 8, 0, 255]), 1],
])("%s in place of an answer is not complete and cannot be read", (_name, body, count) => {
  const answer = readAnswer(body);
  expect(answer).toMatchObject({ begun: false, unreadable: { count } });
  expect(answer.incomplete).toMatch(/^ended without/);
});
