import type { Message } from "../rendering/normalise-messages.ts";

export interface ProbeConversation {
  readonly messages: readonly Message[];
  readonly tools: readonly Message[];
}

const find = {
  name: "find",
  description: "Finds a place.",
  parameters: { type: "object", properties: { place: { type: "string" } }, required: ["place"] },
};
const book = {
  strict: false,
  parameters: { type: "object", properties: { seat: { type: "integer" } }, required: ["seat"] },
  description: "Books a seat: « 東京 ».",
  name: "book",
};
/** Agents' frameworks write such: a key that the API does not know, a null, no description at all. */
const odd = [
  { type: "function", function: { ...find, description: null, examples: ["Paris"] }, origin: "probe" },
  { type: "function", function: { parameters: book.parameters, name: "seats" } },
];

/**
 * Conversations in which renderings differ where they can: tools, arguments, other scripts, white space. The tools are
 * such as every engine takes in the first, and such as some refuse in the second.
 * @param mark makes their prompts differ from all that the engine has in its cache
 */
export function probeConversations(mark: string): readonly ProbeConversation[] {
  const wrapped = [find, book].map((fields) => ({ type: "function", function: fields }));
  return [wrapped, odd].map((tools, at) => ({ messages: messagesOf(`${mark}-${at}`), tools }));
}

/** The first of them, and no tools: says whether the tools are the cause of a difference. */
export function withoutTools(mark: string): ProbeConversation {
  return { messages: messagesOf(`${mark}-none`), tools: [] };
}

function messagesOf(mark: string): readonly Message[] {
  return [
    { role: "system", content: `Check ${mark}. Answer briefly.\n` },
    {
      role: "user",
      content: [
        { type: "text", text: "Où est" },
        { type: "text", text: "東京  🛫?" },
      ],
    },
    {
      role: "assistant",
      content: "I look.",
      tool_calls: [
        {
          id: "call_1",
          type: "function",
          function: { name: "find", arguments: '{"place":"東京","near":1.0,"all":true}' },
        },
      ],
    },
    { role: "tool", tool_call_id: "call_1", content: '{"found": null}' },
    { role: "user", content: "And then?" },
  ];
}
