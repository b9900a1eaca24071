import { expect, test } from "vitest";
import { kindOfIncomplete, whyIncomplete } from "../../bench/answer/complete.ts";
import { readAnswer } from "../../bench/answer/read-answer.ts";
import { chunk, stream } from "./answer-bodies.ts";

const text = chunk({ delta: { content: "a" } });
const ended = (reason: string) => chunk({ delta: {}, finish_reason: reason });

test.each(
  (
    "stop length tool_calls function_call content_filter eos eos_token stop_sequence end_turn tool_use pause_turn refusal " +
    "STOP MAX_TOKENS Stop tool-calls COMPLETE TOOL_CALL SAFETY MALFORMED_FUNCTION_CALL model_length repetition " +
    "FINISH_REASON_STOP completed"
  ).split(" "),
)("%s is an end, with [DONE] and without", (reason) => {
  expect(readAnswer(stream(text, ended(reason), "[DONE]")).incomplete).toBeNull();
  expect(readAnswer(stream(text, ended(reason))).incomplete).toBeNull();
});

/** Names of real servers, and names that nobody has used yet. */
const givenUp =
  "ABORT ERROR cancelled insufficient_system_resource user_cancel abort error network_error sensitive timeout none aborted canceled failed failure server_error internal_error incomplete " +
  "interrupted overloaded engine_overloaded preempted upstream_error connection_error kv_cache_evicted time_limit " +
  "FinishReason.ABORT FINISH_REASON_ERROR worker-crashed";

test.each(givenUp.split(" "))("a generation that ended with %s was given up, whatever follows", (reason) => {
  const why = `was given up, with finish reason ${reason}`;
  expect(readAnswer(stream(text, ended(reason), "[DONE]")).incomplete).toBe(why);
  expect(whyIncomplete({ finish: reason, error: null }, true)).toBe(why);
});

test.each([
  ["a stream that was cut", stream(text), "ended without [DONE] and without a finish reason"],
  ["[DONE] alone", stream(text, "[DONE]"), "ended without a finish reason"],
  [
    "an unknown reason and no end",
    stream(text, ended("eureka")),
    "ended without [DONE], after the unknown finish reason eureka",
  ],
  [
    "an error behind the end",
    stream(text, ended("stop"), { error: "full" }, "[DONE]"),
    'carries an error: {"error":"full"}',
  ],
  ["nothing", "", "ended without [DONE] and without a finish reason"],
  [
    "half an object",
    '{"choices":[{"finish_reason":"stop"',
    "ended without [DONE] and without a finish reason",
  ],
])("%s is not complete", (_name, body, why) => {
  expect(readAnswer(body).incomplete).toBe(why);
});

test("an unknown reason counts where the server said that it was at the end", () => {
  expect(readAnswer(stream(text, ended("eureka"), "[DONE]")).incomplete).toBeNull();
  expect(readAnswer(JSON.stringify(ended("eureka"))).incomplete).toBeNull();
});

test.each([
  ["an object with its type", { type: "stop" }, "stop", null],
  [
    "an object of an abort",
    { type: "abort", message: "killed" },
    "abort",
    "was given up, with finish reason abort",
  ],
  ["null", null, null, "ended without a finish reason"],
  ["null as a text", "null", null, "ended without a finish reason"],
  ["an empty text", "", null, "ended without a finish reason"],
])("a finish reason that is %s", (...[, reason, finish, incomplete]) => {
  const answer = readAnswer(stream(text, chunk({ delta: {}, finish_reason: reason }), "[DONE]"));
  expect(answer).toMatchObject({ finish, incomplete, unreadable: { count: 0 } });
});

test.each([
  ["a number", 1],
  ["true", true],
  ["a list", ["stop"]],
  ["an object without a type", { reason: "stop" }],
])("a finish reason that is %s cannot be read, and is said", (_name, reason) => {
  const answer = readAnswer(stream(text, chunk({ delta: {}, finish_reason: reason }), "[DONE]"));
  expect(answer).toMatchObject({
    finish: null,
    incomplete: "ended without a finish reason",
    unreadable: { count: 1 },
  });
});

test.each([
  ["the same twice", ["stop", "stop"], "stop"],
  ["null behind it", ["stop", null], "stop"],
  ["a last one that says more", ["tool_calls", "stop"], "stop"],
  ["an abort behind it", ["stop", "abort"], "abort"],
  ["a stop of a gateway behind an abort", ["abort", "stop"], "abort"],
  ["a stop behind an error", ["error", "stop"], "error"],
])("of two finish reasons, %s: one counts", (_name, reasons, finish) => {
  const events = reasons.map((reason) => chunk({ delta: {}, finish_reason: reason }));
  expect(readAnswer(stream(text, ...events, "[DONE]")).finish).toBe(finish);
});

test("kinds of faults are counted without the words of each", () => {
  expect(kindOfIncomplete('carries an error: {"a": 1}')).toBe("carries an error");
  expect(kindOfIncomplete("was given up, with finish reason abort")).toBe(
    "was given up, with finish reason abort",
  );
});
