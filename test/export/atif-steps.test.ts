import * as fc from "fast-check";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { atif } from "../../bench/export/atif.ts";
import { atifSteps } from "../../bench/export/atif-steps.ts";
import type { Trajectory } from "../../bench/store/record.ts";
import { buildInlined, said, toolResult } from "./inlined-builder.ts";
import { buildCall, buildRecorded, continued } from "./recorded-builder.ts";

interface Metrics {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly prompt_token_ids?: number[];
  readonly completion_token_ids?: number[];
  readonly logprobs?: number[];
}
const metricsOf = (step: { readonly metrics?: object } | undefined): Metrics | undefined => step?.metrics;

const usage = fc.record({
  promptTokens: fc.nat(999),
  completionTokens: fc.nat(99),
  cachedTokens: fc.option(fc.nat(9)),
});
const turn: fc.Arbitrary<Trajectory["messages"]> = fc.oneof(
  fc.string().map((text) => [said("user", text)]),
  fc
    .record({ text: fc.option(fc.string()), usage: fc.option(usage) })
    .map(({ text, ...more }) => [said("assistant", text, { requestId: "r", ...more })]),
  fc.record({ results: fc.integer({ min: 1, max: 3 }), usage }).map(({ results, ...more }) => {
    const ids = Array.from({ length: results }, (_, index) => `c${index}`);
    const toolCalls = ids.map((id) => ({ id, name: "f", arguments: "{}" }));
    return [
      said("assistant", null, { requestId: "r", toolCalls, ...more }),
      ...ids.map((id) => toolResult(id)),
    ];
  }),
);

test("every message is in one step, every result in the step that called, and the totals are the sums", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tollgate-atif-"));
  let exports = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { maxLength: 8 }), async (turns) => {
      const messages = turns.flat();
      const spoken = messages.flatMap((message) => (message.role === "tool" ? [] : [message]));
      // Requests that gave no message are in no step: the totals are not the record's.
      const record = { episodeId: String((exports += 1)).padStart(16, "0"), promptTokens: 1e6 };
      await rm(join(directory, "atif"), { recursive: true, force: true });
      const writer = await atif.open(directory, { style: "concat", discount: 1, verifier: null });
      await writer.write(buildInlined({ messages, record }));
      const [name = ""] = await writer.close();
      const file = JSON.parse(await readFile(join(directory, name), "utf8")) as {
        steps: ReturnType<typeof atifSteps>;
        final_metrics: Record<string, number>;
      };
      expect(file.steps.map(({ step_id }) => step_id)).toEqual(file.steps.map((_, index) => index + 1));
      expect(file.steps.slice(1).map(({ message }) => message)).toEqual(
        spoken.map(({ content }) => content ?? ""),
      );
      const ids = file.steps.flatMap(({ tool_calls: calls = [] }) =>
        calls.map((one) => Object(one).tool_call_id as string),
      );
      expect(new Set(ids).size).toBe(ids.length);
      for (const { tool_calls: calls = [], observation } of file.steps)
        expect(
          observation?.results.map((one) => ({ id: Object(one).source_call_id as string })) ?? [],
        ).toEqual(calls.map((one) => ({ id: Object(one).tool_call_id as string })));
      const sum = (of: "promptTokens" | "completionTokens" | "cachedTokens") => {
        const known = spoken.flatMap((message) => message.usage?.[of] ?? []);
        return known.length === 0 ? null : known.reduce((all, one) => all + one, 0);
      };
      expect(file.final_metrics).toMatchObject({
        total_prompt_tokens: sum("promptTokens"),
        total_completion_tokens: sum("completionTokens"),
        total_cached_tokens: sum("cachedTokens"),
        total_steps: file.steps.length,
      });
    }),
    { numRuns: 40 },
  );
  await rm(directory, { recursive: true });
});

test("a step without a model call says so and has no metrics: the greeting cost nothing", () => {
  const [, greeting, answer] = atifSteps(
    buildInlined({ messages: [said("assistant", "Hi!"), said("assistant", "Yes.", { requestId: "r1" })] }),
  );
  expect(greeting).toEqual({ step_id: 2, source: "agent", message: "Hi!", llm_call_count: 0 });
  expect(answer).toMatchObject({ llm_call_count: 1, metrics: {} });
});

test("reasoning is in its field, and a step without a model call has none", () => {
  const [, greeting, answer] = atifSteps(
    buildInlined({
      messages: [
        said("assistant", "Hi!", { reasoning: "never" }),
        said("assistant", "Yes.", { requestId: "r1", reasoning: "Dune is in." }),
      ],
    }),
  );
  expect(greeting).not.toHaveProperty("reasoning_content");
  expect(answer).toMatchObject({ message: "Yes.", reasoning_content: "Dune is in." });
});

test("calls that share an id, in one answer and in two, keep their own results", () => {
  const call = (text: string) => ({ id: "call_0", name: "f", arguments: text });
  const calling = (...texts: readonly string[]) =>
    said("assistant", null, { requestId: "r", toolCalls: texts.map(call) });
  const result = (content: string) => toolResult("call_0", { content });
  const [, first, second] = atifSteps(
    buildInlined({
      messages: [calling('{"n": 1}', '{"n": 2}'), result("1"), result("2"), calling('{"n": 3}'), result("3")],
    }),
  );
  expect([first, second].map((step) => step?.tool_calls)).toMatchObject([
    [
      { tool_call_id: "call_0", arguments: { n: 1 } },
      { tool_call_id: "call_0#2", arguments: { n: 2 }, extra: { id_of_server: "call_0" } },
    ],
    [{ tool_call_id: "call_0#3", arguments: { n: 3 } }],
  ]);
  expect([first, second].map((step) => step?.observation?.results)).toMatchObject([
    [
      { source_call_id: "call_0", content: "1" },
      { source_call_id: "call_0#2", content: "2" },
    ],
    [{ source_call_id: "call_0#3", content: "3" }],
  ]);
});

test("a result of no call names none, and says whose it was", () => {
  const [, step] = atifSteps(
    buildInlined({ messages: [said("assistant", "Hm.", { requestId: "r" }), toolResult("c9")] }),
  );
  expect(step?.observation?.results).toEqual([
    {
      content: "result of c9",
      extra: { error: false, answered_by: "tool-server", result_of_unknown_call: "c9" },
    },
  ]);
});

test("numbers of arguments are in the file as the model wrote them", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tollgate-atif-"));
  const writer = await atif.open(directory, { style: "concat", discount: 1, verifier: null });
  const toolCalls = [{ id: "c1", name: "f", arguments: '{"a":2.0,"b":12345678901234567890,"2":1}' }];
  await writer.write(buildInlined({ messages: [said("assistant", null, { requestId: "r", toolCalls })] }));
  expect(await writer.write(buildInlined({ messages: [said("user", "\ud83d")] }))).toMatchObject({
    reason: expect.stringContaining("half of a surrogate pair") as unknown,
  });
  const names = await writer.close();
  const text = await readFile(join(directory, names[0] ?? ""), "utf8");
  expect(text).toContain('"arguments":{"a":2.0,"b":12345678901234567890,"2":1}');
  expect(names).toHaveLength(1);
  await rm(directory, { recursive: true });
});

test("the simulated user's tool calls stand beside the format, never as the agent's", () => {
  const toolCalls = [{ id: "u1", name: "reset_router", arguments: "{}" }];
  const [, step, ...rest] = atifSteps(
    buildInlined({ messages: [said("user", null, { toolCalls }), toolResult("u1", { requestor: "user" })] }),
  );
  expect(rest).toEqual([]);
  expect(step).not.toHaveProperty("tool_calls");
  expect(step).not.toHaveProperty("observation");
  expect(step?.extra).toMatchObject({
    user_tool_calls: [{ id: "u1" }],
    user_tool_results: [{ source_call_id: "u1" }],
  });
});

test.each(['{"a": ', "[1]", "null", '"text"', "", '{"a": 1e999}'])(
  "arguments %s are no object: kept as text, marked invalid",
  (text) => {
    const toolCalls = [{ id: "c1", name: "f", arguments: text }];
    const [, step] = atifSteps(buildInlined({ messages: [said("assistant", null, { toolCalls })] }));
    expect(step?.tool_calls).toMatchObject([
      { arguments: {}, extra: { arguments_text: text, arguments_invalid: true } },
    ]);
  },
);

const answers = (...requestIds: readonly string[]) =>
  requestIds.map((requestId) => said("assistant", `answer to ${requestId}`, { requestId }));
const tokensOf = (...parts: Parameters<typeof buildInlined>) =>
  atifSteps(buildInlined(...parts))
    .slice(1)
    .map((step) => metricsOf(step)?.completion_token_ids ?? null);

test("a message gets the tokens of its own request, in whatever order the gateway kept them", () => {
  // continued holds r1 and r2; r3 was not kept.
  expect(tokensOf({ messages: answers("r2", "r3", "r1"), recorded: continued })).toEqual([
    [12, 13, 14],
    null,
    [10, 11],
  ]);
});

test("prompt and output of a call are told apart at its own output", () => {
  const [, , second] = atifSteps(buildInlined({ messages: answers("r1", "r2"), recorded: continued }));
  expect(metricsOf(second)).toMatchObject({
    prompt_token_ids: [1, 2, 3, 10, 11, 4],
    completion_token_ids: [12, 13, 14],
    logprobs: [-1, -2, -3],
  });
});

test("calls without ids are matched by order only when none is missing: no tokens are better than another call's", () => {
  const nameless = buildRecorded([
    buildCall({ requestId: null, outputIds: [10], outputLogprobs: [-1] }),
    buildCall({ requestId: null, outputIds: [20], outputLogprobs: [-1] }),
  ]);
  expect(tokensOf({ messages: answers("r1", "r2"), recorded: nameless })).toEqual([[10], [20]]);
  expect(tokensOf({ messages: answers("r1", "r2", "r3"), recorded: nameless })).toEqual([null, null, null]);
  const mixed = buildRecorded([buildCall(), buildCall({ requestId: null })]);
  expect(tokensOf({ messages: answers("r5", "r1"), recorded: mixed })).toEqual([null, [10, 11]]);
});
