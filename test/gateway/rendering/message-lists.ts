import * as fc from "fast-check";

export interface ChatInput {
  readonly messages: readonly Readonly<Record<string, unknown>>[];
  readonly tools?: readonly unknown[];
}

/** Texts with what templates and tokenizers stumble over: marks, other scripts, white space, quotes. */
const text = fc.oneof(
  { weight: 4, arbitrary: fc.lorem({ maxCount: 12, mode: "words" }) },
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.constantFrom(
    "",
    " ",
    "\n\n",
    "  two  spaces\t",
    "<|im_end|>",
    "<tool_call>\n{}\n</tool_call>",
    "<think>",
    'say "hi" \\ there',
    "naïve 東京 🛫🧑‍✈️",
    "don't WE'LL 3.14 1e5",
  ),
);

const part = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom("text", "input_text"), text }) },
  fc.record({ type: fc.constantFrom("image_url", "thinking") }),
);
const content = fc.oneof({ weight: 3, arbitrary: text }, fc.constant(null), fc.array(part, { maxLength: 3 }));

const jsonObject = fc.dictionary(
  fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("1", "20", "a b", "é")),
  fc.jsonValue({ maxDepth: 2 }),
  { maxKeys: 4 },
);
/** The same object with other white space, as models and clients write it. */
const argumentText = fc
  .tuple(jsonObject, fc.constantFrom(undefined, 1, "\t"))
  .map(([value, indent]) => JSON.stringify(value, null, indent));

const toolCall = fc.record({
  id: fc.string({ maxLength: 6 }),
  type: fc.constant("function"),
  function: fc.record({ name: fc.constantFrom("get_user", "search-flights", "f"), arguments: argumentText }),
});
const message = fc.oneof(
  fc.record({ role: fc.constantFrom("user", "USER"), content }),
  fc.record({ role: fc.constant("assistant"), content }),
  fc.record({
    role: fc.constant("assistant"),
    content,
    tool_calls: fc.array(toolCall, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ role: fc.constant("tool"), tool_call_id: fc.string({ maxLength: 6 }), content }),
);
/** Schemas with plain numbers only: in tools the simulated engine prints the others as JavaScript does. */
const schema = jsonObject.map(
  (value) =>
    JSON.parse(
      JSON.stringify(value, (_key, inner: unknown) =>
        typeof inner === "number" ? Math.round(inner % 1_000) + 0 : inner,
      ),
    ) as unknown,
);
const tool = fc.record(
  {
    type: fc.constant("function"),
    function: fc.record(
      { name: fc.constantFrom("get_user", "f"), description: text, parameters: schema, strict: fc.boolean() },
      { requiredKeys: ["name", "parameters"] },
    ),
  },
  { requiredKeys: ["function"] },
);

/** Chat requests that an engine accepts. */
export const messageLists: fc.Arbitrary<ChatInput> = fc
  .tuple(
    fc.option(fc.record({ role: fc.constant("system"), content: text })),
    fc.array(message, { minLength: 1, maxLength: 8 }),
    fc.option(fc.array(tool, { minLength: 1, maxLength: 3 })),
  )
  .map(([system, messages, tools]) => ({
    messages: system === null ? messages : [system, ...messages],
    ...(tools === null ? {} : { tools }),
  }));
