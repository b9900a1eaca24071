import { expect, test } from "vitest";
import { toolCallCheck } from "../../../bench/preflight/checks/tool-call.ts";
import type { RunningArm } from "../../../bench/stack/stack.ts";
import { chat, given, type Said } from "../given.ts";

const right: Said = {
  calls: [{ name: "report_status", arguments: '{"status": "ready"}' }],
  finish: "tool_calls",
};
const hint = { parser: /--tool-call-parser/, model: /a model that calls tools/, log: /log of the server/ };

/** The finding on an arm that answers so when asked in words, and so when the call is forced; null: 404. */
async function finding(free: Said | null, forced: Said | null = null, arm: Partial<RunningArm> = {}) {
  const answer = ({ tool_choice: choice }: Record<string, unknown>) => (choice === "auto" ? free : forced);
  await using rig = await given({
    answers: {
      "/arm/v1/chat/completions": (body) => {
        const said = answer(body);
        return said === null ? null : chat(said);
      },
    },
  });
  const { stack } = rig.context;
  const arms = stack.arms.map((given) => ({ ...given, innerTapped: false, ...arm }));
  const { findings } = await toolCallCheck.run({ ...rig.context, stack: { ...stack, arms } });
  expect(findings).toHaveLength(1);
  return findings[0]!;
}

test("a call with the asked name and an object as arguments is ok, whatever the finish reason", async () => {
  expect(await finding(right)).toMatchObject({ status: "ok", change: null });
  expect(await finding({ ...right, finish: "stop" })).toMatchObject({
    status: "ok",
    what: expect.stringContaining("with finish_reason stop"),
  });
});

test.each([
  '<tool_call>{"name": "report_status"}</tool_call>',
  "<function=report_status></function>",
  '<|python_tag|>{"name": "report_status"}',
  '[TOOL_CALLS] [{"name": "report_status"}]',
  '{"name": "report_status", "parameters": {"status": "ready"}}',
])("raw text of a call fails at once, before anything is forced: %s", async (text) => {
  const found = await finding({ text }, right);
  expect(found).toMatchObject({ status: "failed", change: expect.stringMatching(hint.parser) });
  expect(found.what).toContain("nothing parses tool calls");
});

test("a call only when forced is a warning that quotes what the model said instead", async () => {
  const found = await finding({ text: "All is ready." }, right);
  expect(found).toMatchObject({ status: "warning", change: expect.stringMatching(hint.model) });
  expect(found.what).toContain('"All is ready."');
});

test.each<RunningArm["spec"]>([
  { kind: "gateway", name: "l2", level: "L2" },
  { kind: "url", name: "theirs", url: "http://gateway.example" },
])("a gateway that refuses to force a call is named, and not blamed for the model: %o", async (spec) => {
  const found = await finding({ text: "All is ready." }, null, { spec, innerTapped: true });
  expect(found).toMatchObject({ status: "warning", change: expect.stringMatching(hint.model) });
  expect(found.what).toContain('asked in words it said "All is ready."');
  expect(found.what).toContain(`arm ${spec.name} refused that itself, and asked the engine nothing ("404`);
});

test.each(['{"name": "report, {"status"}}\n', '{"name": "report, {"status"}}\n</tool_call>'])(
  "what a parser left of a call with broken JSON is the model's fault: %s",
  async (text) => {
    const found = await finding({ text }, { text: "", finish: "length" });
    expect(found).toMatchObject({ status: "warning", change: expect.stringMatching(hint.model) });
    expect(found.what).toContain("whose JSON is broken");
  },
);

test("a forced call that ended at the limit of tokens says so", async () => {
  const found = await finding({ text: "All is ready." }, { text: "", finish: "length" });
  expect(found).toMatchObject({ status: "failed", what: expect.stringContaining("cut after 256 tokens") });
});

test("no call even when forced is a failure, as is a forced request without an answer", async () => {
  for (const forced of [{ text: "I cannot." }, null]) {
    const found = await finding({ text: "All is ready." }, forced);
    expect(found).toMatchObject({ status: "failed", change: expect.stringMatching(hint.parser) });
    expect(found.what).toContain("neither asked in words nor forced");
    expect(found.what).toContain(forced === null ? "404" : "I cannot.");
  }
});

test.each([
  ["report", '{"status": "ready"}'],
  ["report_status", '["ready"]'],
  ["report_status", "null"],
  ["report_status", '{"status": "rea'],
])("a call that a wrong parser has cut is a failure: %s(%s)", async (name, args) => {
  const found = await finding({ calls: [{ name, arguments: args }], finish: "tool_calls" }, right);
  expect(found).toMatchObject({ status: "failed", change: expect.stringMatching(hint.parser) });
  expect(found.what).toContain("not the call that was asked for");
});

test("a forced call that comes as raw text is a failure, not a warning", async () => {
  const found = await finding({ text: "Ready." }, { text: "<tool_call>{}</tool_call>" });
  expect(found).toMatchObject({ status: "failed", what: expect.stringContaining("raw text") });
});

test("an arm that does not take tools at all is a failure with its own words", async () => {
  expect(await finding(null)).toMatchObject({
    status: "failed",
    what: expect.stringMatching(/^a request with a tool gave 404 /),
    change: expect.stringMatching(hint.log),
  });
});
