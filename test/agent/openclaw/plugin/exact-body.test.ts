import * as fc from "fast-check";
import { expect, test } from "vitest";

interface Call {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
  exact: boolean;
  result?: string;
}
type Entry =
  | { readonly role: "user"; readonly text: string }
  | { readonly role: "assistant"; readonly text: string; readonly calls: readonly Call[] };
interface ExactBody {
  readonly exactMessages: (record: {
    readonly policy: string;
    readonly greeting: string | null;
    readonly history: readonly Entry[];
  }) => readonly unknown[];
  readonly completeResults: (history: readonly Entry[], messages: readonly unknown[]) => readonly string[];
  readonly pinned: (
    payload: object,
    pins: { readonly model: string; readonly sampling: Readonly<Record<string, number>> },
  ) => object;
  readonly exactTools: (body: object, tools: readonly unknown[]) => object;
}

const source = new URL("../../../../bench/agent/openclaw/plugin/exact-body.js", import.meta.url).href;
const { exactMessages, completeResults, pinned, exactTools }: ExactBody = await import(source);

function call(change: Partial<Call> = {}): Call {
  return { id: "c_1", name: "look", arguments: '{"a": 2.0}', exact: true, ...change };
}

test("every text of the record stands in the messages, once and in order", () => {
  const texts = fc.string({ unit: "binary" });
  const calls = fc.record({
    id: texts,
    name: texts,
    arguments: texts,
    exact: fc.constant(true),
    result: texts,
  });
  const entry = fc.oneof(
    fc.record({ role: fc.constant("user" as const), text: texts }),
    fc.record({
      role: fc.constant("assistant" as const),
      text: texts,
      calls: fc.array(calls, { maxLength: 3 }),
    }),
  );
  const record = fc.record({ policy: texts, greeting: fc.option(texts), history: fc.array(entry) });
  fc.assert(
    fc.property(record, ({ policy, greeting, history }) => {
      const shown = JSON.parse(JSON.stringify(exactMessages({ policy, greeting, history })));
      const opening = greeting === null ? [] : [{ role: "assistant", content: greeting }];
      const rest = history.flatMap((each) => {
        if (each.role === "user") return [{ role: "user", content: each.text }];
        const content = each.text === "" ? null : each.text;
        if (each.calls.length === 0) return [{ role: "assistant", content }];
        const toolCalls = each.calls.map(({ id, name, arguments: text }) => {
          return { id, type: "function", function: { name, arguments: text } };
        });
        const results = each.calls.map(({ id, result }) => ({
          role: "tool",
          content: result,
          tool_call_id: id,
        }));
        return [{ role: "assistant", content, tool_calls: toolCalls }, ...results];
      });
      expect(shown).toEqual([{ role: "system", content: policy }, ...opening, ...rest]);
    }),
  );
});

test("what OpenClaw answered by itself is taken from the end of its messages", () => {
  const history: Entry[] = [
    { role: "user", text: "u" },
    { role: "assistant", text: "", calls: [call({ result: "" }), call({ id: "c_2", name: "nope" })] },
  ];
  const theirs = [
    { role: "user", content: "[date] u" },
    { role: "assistant", content: null },
    { role: "tool", content: "(no output)", tool_call_id: "c1" },
    { role: "tool", content: [{ type: "text", text: "Tool nope not found" }], tool_call_id: "c2" },
  ];
  expect(completeResults(history, theirs)).toEqual([]);
  expect(exactMessages({ policy: "p", greeting: null, history }).slice(-2)).toEqual([
    { role: "tool", content: "", tool_call_id: "c_1" },
    { role: "tool", content: "Tool nope not found", tool_call_id: "c_2" },
  ]);
});

test("a result or an argument text that nobody saw is a miss, reported once", () => {
  const history: Entry[] = [{ role: "assistant", text: "", calls: [call({ exact: false })] }];
  const misses = ["the argument text of look was not seen", "the result of look is not known"];
  expect(completeResults(history, [{ role: "assistant", content: null }])).toEqual(misses);
  expect(completeResults(history, [{ role: "assistant", content: null }])).toEqual([]);
});

test("sampling is pinned; OpenClaw's own token limit gives way to max_tokens", () => {
  const payload = { model: "theirs", max_completion_tokens: 4096, temperature: 1, stream: true };
  const pins = { model: "ours", sampling: { temperature: 0, max_tokens: 10 } };
  expect(pinned(payload, pins)).toEqual({ model: "ours", stream: true, temperature: 0, max_tokens: 10 });
  expect(pinned(payload, { ...pins, sampling: {} })).toEqual({ ...payload, model: "ours" });
  expect(payload.model).toBe("theirs");
});

test("a session without tools sends no tool fields", () => {
  const body = { messages: [], tools: [{ sorted: true }], tool_choice: "auto" };
  expect(exactTools(body, [])).toEqual({ messages: [] });
  expect(exactTools({ messages: [] }, [{ t: 1 }])).toEqual({
    messages: [],
    tools: [{ t: 1 }],
    tool_choice: "auto",
  });
});
