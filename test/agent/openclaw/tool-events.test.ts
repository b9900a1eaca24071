import { expect, test } from "vitest";
import { ToolEvents } from "../../../bench/agent/openclaw/tool-events.ts";

function events() {
  let now = 0;
  return new ToolEvents({ nowNs: () => (now += 10), wallIso: () => "" });
}
const tool = (runId: string, data: object) => ({
  event: "agent",
  payload: { runId, stream: "tool", data: { name: "exec", toolCallId: "c1", ...data } },
});
const text = (value: string, details: object = {}) => ({ content: [{ type: "text", text: value }], details });

test("calls of a run, with stamps of this machine, in order of start", () => {
  const seen = events();
  seen.begin("r1");
  seen.see(tool("r1", { phase: "start", args: { command: "ls" } }));
  seen.see(tool("r1", { phase: "start", toolCallId: "c2", name: "read", args: { path: "x" } }));
  seen.see(tool("r1", { phase: "result", toolCallId: "c2", isError: true, result: text("no such file") }));
  seen.see(tool("r1", { phase: "result", result: text("a\n") }));
  expect(seen.end("r1")).toEqual([
    {
      name: "exec",
      toolCallId: "c1",
      argumentsText: `{"command":"ls"}`,
      startedNs: 10,
      content: "a\n",
      error: false,
      endedNs: 40,
    },
    {
      name: "read",
      toolCallId: "c2",
      argumentsText: `{"path":"x"}`,
      startedNs: 20,
      content: "no such file",
      error: true,
      endedNs: 30,
    },
  ]);
  expect(seen.end("r1")).toEqual([]);
});

test.each([
  [{ exitCode: 0 }, false],
  [{ exitCode: 3 }, true],
  [{ exitCode: null, exitSignal: "SIGKILL" }, true],
  [null, false],
])("a command that ended with %j has failed: %s", (details, error) => {
  const seen = events();
  seen.begin("r");
  seen.see(tool("r", { phase: "start" }));
  seen.see(tool("r", { phase: "result", isError: false, result: { content: "x", details } }));
  expect(seen.end("r")[0]?.error).toBe(error);
});

test("a call without an end has failed when the run is over", () => {
  const seen = events();
  seen.begin("r");
  seen.see(tool("r", { phase: "start" }));
  expect(seen.end("r")).toMatchObject([{ error: true, content: "", startedNs: 10, endedNs: 20 }]);
});

test("the same id twice is two calls, and events of others and of other shapes are none", () => {
  const seen = events();
  seen.begin("r");
  for (const content of ["1", "2"]) {
    seen.see(tool("r", { phase: "start" }));
    seen.see(tool("r", { phase: "result", result: { content } }));
  }
  seen.see(tool("other", { phase: "start" }));
  seen.see({ event: "chat", payload: tool("r", { phase: "start" }).payload });
  for (const payload of [undefined, null, 3, { runId: "r", stream: "tool", data: { phase: "start" } }])
    seen.see({ event: "agent", payload });
  expect(seen.end("r").map(({ content }) => content)).toEqual(["1", "2"]);
});
