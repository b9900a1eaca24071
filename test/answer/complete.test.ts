import { expect, test } from "vitest";
import { whyIncomplete } from "../../bench/answer/complete.ts";
import { readAnswer } from "../../bench/answer/read-answer.ts";
import { chunk, stream } from "./answer-bodies.ts";

const text = chunk({ delta: { content: "a" } });
const ended = (reason: string) => chunk({ delta: {}, finish_reason: reason });

test.each(
  "stop length tool_calls function_call content_filter eos_token end_turn STOP MAX_TOKENS FINISH_REASON_STOP completed".split(
    " ",
  ),
)("%s is an end, with [DONE] and without", (reason) => {
  expect(readAnswer(stream(text, ended(reason), "[DONE]")).incomplete).toBeNull();
  expect(readAnswer(stream(text, ended(reason))).incomplete).toBeNull();
});

/** Names of real servers, and names that nobody has used yet. */
const givenUp =
  "abort error network_error sensitive timeout none aborted canceled failed failure server_error internal_error incomplete " +
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
