import { expect, test } from "vitest";
import { readAnswer } from "../../bench/answer/read-answer.ts";
import { chunk } from "./answer-bodies.ts";

const say = (content: string) => JSON.stringify(chunk({ delta: { content } }));
const stop = JSON.stringify(chunk({ delta: {}, finish_reason: "stop" }));
const usual = [
  `data: ${say("a")}`,
  "",
  `data: ${say("数")}`,
  "",
  `data: ${stop}`,
  "",
  "data: [DONE]",
  "",
  "",
];
const lines = (...of: readonly string[]) => [...usual.slice(0, 2), ...of, ...usual.slice(2)].join("\n");
const [feed, back, both] = ["\n", "\r", "\r\n"].map((end) => usual.join(end));

/** Streams that say "a数" and stop. */
const same: readonly (readonly [string, string | Buffer])[] = [
  ["LF", feed ?? ""],
  ["CR", back ?? ""],
  ["CRLF", both ?? ""],
  ["one line end after another", usual.map((line, at) => line + ["\n", "\r\n", "\r"][at % 3]).join("")],
  ["a byte order mark", `\uFEFF${feed}`],
  ["a byte order mark and CRLF", `\uFEFF${both}`],
  ["empty lines before it", `\n\r\n\n${feed}`],
  ["no space behind the colon", (feed ?? "").replaceAll("data: ", "data:")],
  ["no empty line at the end", (feed ?? "").trimEnd()],
  ["no end of the last line", (both ?? "").trimEnd()],
  ["no [DONE]", usual.slice(0, 6).join("\n")],
  ["[DONE] twice", `${feed}data: [DONE]\n\n`],
  ["[DONE] in spaces", (feed ?? "").replace("[DONE]", "  [DONE]  ")],
  ["[DONE] in lower case", (feed ?? "").replace("[DONE]", "[done]")],
  ["[DONE] in quotes", (feed ?? "").replace("[DONE]", '"[DONE]"')],
  ["DONE without brackets", (feed ?? "").replace("[DONE]", "DONE")],
  ["events that no empty line parts", usual.filter((line) => line !== "").join("\n")],
  ["two objects in one event", lines().replace("\n\ndata: [DONE]", "\ndata: [DONE]")],
  ["a comment", lines(": keep-alive", "")],
  ["a comment in an event", feed?.replace("\n\n", "\n: OPENROUTER PROCESSING\n\n") ?? ""],
  ["a colon alone", lines(":", "")],
  ["an empty heartbeat", lines("data:", "")],
  ["a heartbeat of spaces", lines("data:    ", "")],
  ["data without a colon", lines("data", "")],
  ["data: null", lines("data: null", "")],
  ["data: {}", lines("data: {}", "")],
  ["data: []", lines("data: []", "")],
  ["a ping as a text", lines("data: ping", "")],
  ["a ping in quotes", lines('data: "heartbeat"', "")],
  ["a ping by its type", lines('data: {"type":"ping"}', "")],
  ["a ping by its object", lines('data: {"object":"heartbeat","choices":[]}', "")],
  ["event: ping", lines("event: ping", "data: 2026-11-28", "")],
  ["event: ping without data", lines("event: ping", "")],
  ["ids and retries", lines("id: 7", "retry: 500", "")],
  ["an id in each event", lines().replaceAll("data: {", "id: 7\ndata: {")],
  ["a name for each event", lines().replaceAll("data: {", "event: message\ndata: {")],
  ["data over several lines", lines(`data: ${say("").slice(0, 12)}`, `data: ${say("").slice(12)}`, "")],
  ["objects of one line each", [say("a"), say("数"), stop].join("\n")],
  ["one list of events", `[${[say("a"), say("数"), stop].join(",\n")}]`],
  ["a list in each event", lines().replaceAll(/data: (\{.*\})/g, "data: [$1]")],
  ["one piece", ` \n{"choices":[{"message":{"content":"a数"},"finish_reason":"stop"}]}\n`],
  [
    "one piece with a byte order mark",
    '\uFEFF{"choices":[{"message":{"content":"a数"},"finish_reason":"stop"}]}',
  ],
  [
    "one piece over many lines",
    JSON.stringify({ choices: [{ message: { content: "a数" }, finish_reason: "stop" }] }, null, 2),
  ],
  [
    "Ollama's lines",
    ["a", "数", ""]
      .map((content, at) =>
        JSON.stringify({
          message: { role: "assistant", content },
          done: at === 2,
          done_reason: at === 2 ? "stop" : undefined,
        }),
      )
      .join("\n"),
  ],
];

test.each(same)("%s: the same answer", (_name, body) => {
  const answer = readAnswer(body);
  expect(answer).toMatchObject({
    text: "a数",
    finish: "stop",
    unreadable: { count: 0, first: null },
    incomplete: null,
  });
});

test.each([
  [
    "a heartbeat in the middle of a line",
    `data: {"cho: keepalive\n\nices":[]}\n\n${feed}`,
    'no JSON object: {"cho: keepalive',
    2,
  ],
  ["a line that is no field", lines("Retry later", ""), "no JSON object: Retry later", 1],
  ["an event that was cut", `${feed}data: {"choices":[{"delta"`, 'no JSON object: {"choices":[{"delta"', 1],
  ["a number", lines("data: 5", ""), "no JSON object: 5", 1],
  ["a truth value", lines("data: true", ""), "no JSON object: true", 1],
  ["Python's None", lines("data: None", ""), "no JSON object: None", 1],
  ["Python's quotes", lines("data: {'choices': []}", ""), "no JSON object: {'choices': []}", 1],
  ["bytes of Python", lines(`data: b'{"choices":[]}'`, ""), `no JSON object: b'{"choices":[]}'`, 1],
  ["NaN", lines('data: {"choices":[],"usage":{"prompt_tokens":NaN}}', ""), "no JSON object: {", 1],
  ["a comma at the end", lines('data: {"choices":[],}', ""), "no JSON object: {", 1],
  ["a list in a list", lines("data: [[1]]", ""), "no JSON object: [1]", 1],
])("%s is said, and all else is read", (...[, body, first, count]) => {
  const answer = readAnswer(body);
  expect(answer).toMatchObject({ text: "a数", finish: "stop", unreadable: { count } });
  expect(answer.unreadable.first?.startsWith(first)).toBe(true);
});
