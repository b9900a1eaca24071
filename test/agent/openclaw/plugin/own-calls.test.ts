import { beforeEach, expect, test } from "vitest";
import type { OwnToolCall } from "../../../../bench/agent/agent.ts";

interface OwnCalls {
  asked(calls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[]): void;
  seen(event: Readonly<Record<string, unknown>>): void;
  answeredIn(messages: readonly unknown[]): void;
  take(): readonly OwnToolCall[];
}
const source = new URL("../../../../bench/agent/openclaw/plugin/workspace/own-calls.js", import.meta.url)
  .href;
const { OwnCalls }: { OwnCalls: new () => OwnCalls } = await import(source);

let calls: OwnCalls;
beforeEach(() => {
  calls = new OwnCalls();
});

const asked = (id: string, name = "exec", text = '{ "command":  "ls" }') => ({ id, name, arguments: text });
const result = (text: string) => ({ content: [{ type: "text", text }] });
const done = (toolCallId: string, text: string, isError = false) => {
  calls.seen({ phase: "start", toolCallId });
  calls.seen({ phase: "update", toolCallId, result: result("half") });
  calls.seen({ phase: "result", toolCallId, result: result(text), isError });
};

test("arguments are the model's own text, results those that the next request holds", () => {
  calls.asked([asked("call_1"), asked("call_2", "read")]);
  done("call_1", "long long");
  done("call_2", "gone", true);
  calls.answeredIn([
    { role: "user", content: "x" },
    { role: "assistant", content: null },
    { role: "tool", content: "long …", tool_call_id: "call1" },
    { role: "tool", content: [{ type: "text", text: "gone!" }], tool_call_id: "call2" },
    { role: "user", content: "internal" },
  ]);
  const now = Number(process.hrtime.bigint());
  const taken = calls.take();
  expect(taken).toMatchObject([
    {
      toolCallId: "call_1",
      name: "exec",
      argumentsText: '{ "command":  "ls" }',
      content: "long …",
      error: false,
    },
    { toolCallId: "call_2", name: "read", content: "gone!", error: true },
  ]);
  for (const { startedNs, endedNs } of taken) {
    expect(startedNs).toBeLessThanOrEqual(endedNs);
    expect(endedNs).toBeLessThanOrEqual(now);
    expect(now - startedNs, "the clock of this machine").toBeLessThan(60e9);
  }
  expect(calls.take()).toEqual([]);
});

test("the last calls of a turn have what the tool gave, because no request follows", () => {
  calls.asked([asked("call_1")]);
  done("call_1", "as the tool gave it");
  expect(calls.take()).toMatchObject([{ content: "as the tool gave it" }]);
});

test("the same id in a later answer is another call", () => {
  calls.asked([asked("call_1")]);
  done("call_1", "first");
  calls.answeredIn([{ role: "assistant" }, { role: "tool", content: "first" }]);
  calls.asked([asked("call_1", "read")]);
  done("call_1", "second");
  expect(calls.take()).toMatchObject([
    { name: "exec", content: "first" },
    { name: "read", content: "second" },
  ]);
});

test("a call that never began is none, one that never ended has failed", () => {
  calls.asked([asked("call_1"), asked("call_2")]);
  calls.seen({ phase: "start", toolCallId: "call_2" });
  calls.seen({ phase: "result", toolCallId: "call_9", result: result("of somebody else") });
  expect(calls.take()).toMatchObject([{ toolCallId: "call_2", content: "", error: true }]);
});

test.each([
  [{ exitCode: 0, exitSignal: null }, false],
  [{ exitCode: 3, exitSignal: null }, true],
  [{ exitCode: null, exitSignal: "SIGKILL" }, true],
  [{ status: "running" }, false],
  [undefined, false],
])("a command that ended as %j: failed %j, whatever OpenClaw calls it", (details, error) => {
  calls.asked([asked("call_1")]);
  calls.seen({ phase: "start", toolCallId: "call_1" });
  calls.seen({ phase: "result", toolCallId: "call_1", result: { ...result("x"), details }, isError: false });
  expect(calls.take()).toMatchObject([{ error }]);
});

test("calls are told in the order in which they began", () => {
  calls.asked([asked("call_1"), asked("call_2")]);
  done("call_2", "two");
  done("call_1", "one");
  expect(calls.take().map(({ toolCallId }) => toolCallId)).toEqual(["call_2", "call_1"]);
});

test("results that do not match the calls in number are nobody's", () => {
  calls.asked([asked("call_1"), asked("call_2")]);
  done("call_1", "one");
  done("call_2", "two");
  calls.answeredIn([{ role: "assistant" }, { role: "tool", content: "one of them" }]);
  expect(calls.take().map(({ content }) => content)).toEqual(["one", "two"]);
});
