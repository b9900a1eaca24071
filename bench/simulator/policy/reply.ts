/** What a scripted policy wants to say next: a text, a tool call, or both. */
export interface PolicyReply {
  readonly text: string;
  readonly call: ReplyCall | null;
}

export interface ReplyCall {
  readonly name: string;
  /** JSON text of an object. */
  readonly argumentsText: string;
  /** The model was held to a JSON list of calls; otherwise it writes a call in the tags of its template. */
  readonly isListed?: boolean;
}

export function say(text: string): PolicyReply {
  return { text, call: null };
}

export function callTool(name: string, argumentsText: string): PolicyReply {
  return { text: "", call: { name, argumentsText } };
}

/** Where the parts of a tool call lie in the reply's text, in UTF-16 units; the API layer cuts deltas along them. */
export interface WrittenCall extends ReplyCall {
  /** What begins a call, and where it stands. */
  readonly marker: string;
  readonly start: number;
  /** Just after the quote that ends the name. */
  readonly nameEnd: number;
  readonly argumentsStart: number;
  readonly argumentsEnd: number;
  /** Just after the brace that ends the call. */
  readonly objectEnd: number;
}

export interface WrittenReply {
  readonly text: string;
  readonly call: WrittenCall | null;
}

const tags = { marker: "<tool_call>\n", field: "arguments", end: "\n</tool_call>" };
const list = { marker: "[", field: "parameters", end: "]" };

/** The text a model would generate for a reply: the same bytes that the chat template renders for it in the next prompt. */
export function writeReply({ text, call }: PolicyReply): WrittenReply {
  if (call === null) return { text, call: null };
  const { marker, field, end } = call.isListed === true ? list : tags;
  const before = text === "" ? "" : `${text}\n`;
  const named = `${before}${marker}{"name": ${JSON.stringify(call.name)}`;
  const head = `${named}, "${field}": `;
  const argumentsEnd = head.length + call.argumentsText.length;
  return {
    text: `${head}${call.argumentsText}}${end}`,
    call: {
      ...call,
      marker,
      start: before.length,
      nameEnd: named.length,
      argumentsStart: head.length,
      argumentsEnd,
      objectEnd: argumentsEnd + 1,
    },
  };
}
