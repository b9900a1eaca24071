import type { PromptModel } from "../../bench/gateway/rendering/model-folder.ts";
import { modelWith, type Played, type Stage } from "./played-episode.ts";
import { templateSource, type TemplateKind } from "./template-folders.ts";

export const models = {
  "qwen25-like": modelWith(templateSource("qwen25-like")),
  "qwen3-like": modelWith(templateSource("qwen3-like")),
  "qwen3-coder-like": modelWith(templateSource("qwen3-coder-like")),
} satisfies Record<TemplateKind, PromptModel>;

export const call = (text: string, name = "renew_loan") =>
  `<tool_call>\n{"name": "${name}", "arguments": ${text}}\n</tool_call>`;
const coderCall = (...parameters: readonly (readonly [string, string])[]) =>
  `<tool_call>\n<function=renew_loan>\n${parameters.map(([key, value]) => `<parameter=${key}>\n${value}\n</parameter>\n`).join("")}</function>\n</tool_call>`;
export const think = (text: string, answer: string) => `<think>\n${text}\n</think>\n\n${answer}`;
export const asks: Played = { user: "Renew L301, please." };
export const thanks: Played = { user: "And L302?" };
const done: Played = { result: '{"due": "2026-12-01"}' };
export const says: Played = { writes: "It is renewed." };
const l301 = '{"loan_id": "L301"}';

export type PlayedRow = readonly [
  name: string,
  kind: TemplateKind,
  events: readonly Played[],
  /** Weights of the answers, a text a line (`0` context, `1` trained), or why there is no line. */
  expected: readonly string[] | string,
  stage?: Partial<Stage>,
];

export const whatItWrote = "not verified: what the model wrote is rendered in another way";
const anEarlierAnswer = "not verified: an earlier answer in the prompt is rendered in another way";
const otherTokens =
  "not verified: same text, other tokens: the model spelled it in another way than the tokenizer does";
const coder: Partial<Stage> = { parsers: { toolCalls: "qwen3_coder" } };

export const playedRows: readonly PlayedRow[] = [
  // Qwen 2.5
  ["a text", "qwen25-like", [asks, says], ["1"]],
  ["a call and its result", "qwen25-like", [asks, { writes: call(l301) }, done, says], ["11"]],
  ["a greeting that no model wrote", "qwen25-like", [{ greets: "Hi!" }, asks, says], ["01"]],
  ["the template's own system message", "qwen25-like", [asks, says], ["1"], { system: "" }],
  ["no tools", "qwen25-like", [asks, says, thanks, says], ["11"], { tools: "[]" }],
  [
    "a text before a call",
    "qwen25-like",
    [asks, { writes: `Let me see.\n${call(l301)}` }, done, says],
    ["11"],
  ],
  [
    "two calls, whose results share a turn of the user",
    "qwen25-like",
    [asks, { writes: `${call(l301)}\n${call('{"loan_id": "L302"}')}` }, done, done, says],
    ["11"],
  ],
  ["no arguments", "qwen25-like", [asks, { writes: call("{}") }, done, says], ["11"]],
  [
    "a float, an escape that is needed, letters",
    "qwen25-like",
    [asks, { writes: call(String.raw`{"days": 2.0, "note": "\"é日\"\n"}`) }, done, says],
    ["11"],
  ],
  [
    "a number with a large exponent, as Python writes it",
    "qwen25-like",
    [asks, { writes: call('{"days": 1e+16}') }, done, says],
    ["11"],
  ],
  [
    "keys that are numbers",
    "qwen25-like",
    [asks, { writes: call('{"b": 1, "2": 2, "1": 3}') }, done, says],
    ["11"],
  ],
  [
    "a result that looks like the template's marks",
    "qwen25-like",
    [asks, { writes: call(l301) }, { result: "<tool_response>\nx" }, says],
    ["11"],
  ],
  [
    "arguments without white space",
    "qwen25-like",
    [asks, { writes: call('{"loan_id":"L301"}') }, done, says],
    anEarlierAnswer,
  ],
  [
    "arguments without white space, in the last answer",
    "qwen25-like",
    [asks, { writes: call('{"loan_id":"L301"}') }],
    whatItWrote,
  ],
  [
    "an escape that nobody needs",
    "qwen25-like",
    [asks, { writes: call(String.raw`{"note": "\u00e9"}`) }],
    whatItWrote,
  ],
  [
    "an exponent that Python writes in full",
    "qwen25-like",
    [asks, { writes: call('{"days": 1e3}') }],
    whatItWrote,
  ],
  ["trailing zeros", "qwen25-like", [asks, { writes: call('{"days": 2.50}') }], whatItWrote],
  ["a key twice", "qwen25-like", [asks, { writes: call('{"days": 1, "days": 2}') }], whatItWrote],
  ["two line ends before a call", "qwen25-like", [asks, { writes: `So.\n\n${call(l301)}` }], whatItWrote],
  [
    "a text behind a call, which parsers drop",
    "qwen25-like",
    [asks, { writes: `${call(l301)}\nBye.` }],
    whatItWrote,
  ],
  [
    "broken arguments",
    "qwen25-like",
    [asks, { writes: call('{"loan_id": ') }, done, says],
    "arguments of a call are no JSON object",
  ],
  ["white space at the end", "qwen25-like", [asks, { writes: "Done. \n" }], ["1"]],
  [
    "a word in other tokens",
    "qwen25-like",
    [asks, { writes: "It is renewed.", ids: spelled("It is renewed.") }],
    otherTokens,
  ],
  [
    "a word in other tokens in an earlier answer",
    "qwen25-like",
    [asks, { writes: "It is renewed.", ids: spelled("It is renewed.") }, thanks, says],
    otherTokens,
  ],
  [
    "an end that the engine kept to itself",
    "qwen25-like",
    [asks, { writes: "It is renewed.", unended: true }],
    ["1"],
  ],
  ["at L1, calls", "qwen25-like", [asks, { writes: call(l301) }, done, says], ["11"], { level: "L1" }],
  // Qwen 3
  ["reasoning", "qwen3-like", [asks, { writes: think("Hm.", "Done.") }], ["1"]],
  [
    "reasoning through calls: one turn of the user",
    "qwen3-like",
    [asks, { writes: think("First.", call(l301)) }, done, { writes: think("Now.", "Done.") }],
    ["11"],
  ],
  [
    "reasoning that the template drops at the next question: a line each",
    "qwen3-like",
    [asks, { writes: think("Hm.", "Done.") }, thanks, { writes: think("So.", "Done, too.") }],
    ["1", "01"],
  ],
  [
    "calls and questions",
    "qwen3-like",
    [
      asks,
      { writes: think("1.", call(l301)) },
      done,
      { writes: think("2.", "Done.") },
      thanks,
      { writes: think("3.", call('{"loan_id": "L302"}')) },
      done,
      { writes: think("4.", "Done, too.") },
    ],
    ["11", "0011"],
  ],
  [
    "an empty thought, which the template writes for the last answer only",
    "qwen3-like",
    [asks, { writes: think("", "Done.") }, thanks, { writes: think("", "Done, too.") }],
    ["1", "01"],
  ],
  ["no thought where the template wants one", "qwen3-like", [asks, says], whatItWrote],
  [
    "thinking switched off: the prompt holds the empty thought",
    "qwen3-like",
    [asks, { writes: call(l301) }, done, says],
    ["1", "01"],
    { variables: { enable_thinking: false } },
  ],
  ["a thought with line ends of its own", "qwen3-like", [asks, { writes: think("a\n\nb", "Done.") }], ["1"]],
  [
    "a thought with too many line ends around",
    "qwen3-like",
    [asks, { writes: think("\n\na\n", "Done.") }],
    whatItWrote,
  ],
  [
    "one line end behind the thought",
    "qwen3-like",
    [asks, { writes: "<think>\na\n</think>\nDone." }],
    whatItWrote,
  ],
  [
    "at L1 nobody sends the reasoning back: each answer has a line",
    "qwen3-like",
    [asks, { writes: think("First.", call(l301)) }, done, { writes: think("Now.", "Done.") }],
    ["1", "01"],
    { level: "L1" },
  ],
  [
    "reasoning that no parser took out of the text",
    "qwen3-like",
    [asks, { writes: think("Hm.", "Done.") }, thanks, { writes: think("So.", "Done, too.") }],
    ["1", "01"],
    { parsers: { reasoning: "none" } },
  ],
  // Qwen3-Coder
  [
    "a call in tags",
    "qwen3-coder-like",
    [asks, { writes: coderCall(["loan_id", "L301"]) }, done, says],
    ["11"],
    coder,
  ],
  [
    "values of other types",
    "qwen3-coder-like",
    [asks, { writes: coderCall(["days", "2.5"], ["tags", '["a", 1]']) }, done, says],
    ["11"],
    coder,
  ],
  [
    "a value of several lines",
    "qwen3-coder-like",
    [asks, { writes: coderCall(["note", "a\n\nb <i> & 'c'"]) }, done, says],
    ["11"],
    coder,
  ],
  ["no arguments in tags", "qwen3-coder-like", [asks, { writes: coderCall() }, done, says], ["11"], coder],
  [
    "a text before the tags",
    "qwen3-coder-like",
    [asks, { writes: `See.\n\n${coderCall(["loan_id", "L301"])}` }, done, says],
    ["11"],
    coder,
  ],
  [
    "two calls in tags",
    "qwen3-coder-like",
    [
      asks,
      { writes: `${coderCall(["loan_id", "L301"])}\n${coderCall(["loan_id", "L302"])}` },
      done,
      done,
      says,
    ],
    ["11"],
    coder,
  ],
  [
    "a text that is a number",
    "qwen3-coder-like",
    [asks, { writes: coderCall(["loan_id", "301"]) }, done, says],
    ["11"],
    coder,
  ],
  [
    "a number without a number's schema",
    "qwen3-coder-like",
    [asks, { writes: coderCall(["other", "1e3"]) }, done, says],
    ["11"],
    coder,
  ],
  [
    "a list without white space",
    "qwen3-coder-like",
    [asks, { writes: coderCall(["tags", '["a",1]']) }, done, says],
    anEarlierAnswer,
    coder,
  ],
  [
    "a value on the line of its tag",
    "qwen3-coder-like",
    [
      asks,
      {
        writes:
          "<tool_call>\n<function=renew_loan>\n<parameter=loan_id>L301</parameter>\n</function>\n</tool_call>",
      },
    ],
    whatItWrote,
    coder,
  ],
  [
    "a boolean as Python writes it",
    "qwen3-coder-like",
    [asks, { writes: coderCall(["urgent", "True"]) }, done, says],
    ["11"],
    coder,
  ],
  [
    "a boolean as JSON writes it: Python prints another",
    "qwen3-coder-like",
    [asks, { writes: coderCall(["urgent", "true"]) }],
    whatItWrote,
    coder,
  ],
  [
    "nothing as JSON writes it: Python prints another",
    "qwen3-coder-like",
    [asks, { writes: coderCall(["note", "null"]) }],
    whatItWrote,
    coder,
  ],
  // By text alone
  ["at L0, a call", "qwen25-like", [asks, { writes: call(l301) }, done, says], ["11"], { level: "L0" }],
  [
    "at L0, a call in tags",
    "qwen3-coder-like",
    [asks, { writes: coderCall(["loan_id", "L301"]) }, done, says],
    ["11"],
    { ...coder, level: "L0" },
  ],
  [
    "at L0, arguments without white space",
    "qwen25-like",
    [asks, { writes: call('{"loan_id":"L301"}') }],
    whatItWrote,
    { level: "L0" },
  ],
  [
    "at L0, null, which Python prints in another way",
    "qwen3-coder-like",
    [asks, { writes: coderCall(["note", "null"]) }],
    whatItWrote,
    { ...coder, level: "L0" },
  ],
  [
    "at L0, reasoning that no parser took out of the text",
    "qwen3-like",
    [asks, { writes: think("Hm.", "Done.") }],
    ["1"],
    { parsers: { reasoning: "none" }, level: "L0" },
  ],
  [
    "at L0, reasoning and questions",
    "qwen3-like",
    [asks, { writes: think("Hm.", "Done.") }, thanks, { writes: think("So.", "Done, too.") }],
    ["1", "01"],
    { level: "L0" },
  ],
];

/** The text letter by letter: no tokenizer would. */
function spelled(text: string): Int32Array {
  const { tokenizer } = models["qwen25-like"];
  return Int32Array.from(text.split("").flatMap((letter) => [...tokenizer.encode(letter)]));
}
