/** What a scripted policy wants to say next: a text, tool calls, or both. */
export interface PolicyReply {
  readonly text: string;
  readonly calls: readonly ReplyCall[];
}

export interface ReplyCall {
  readonly name: string;
  /** JSON text of an object. */
  readonly argumentsText: string;
  /** The model was held to a JSON list of calls; otherwise it writes a call in the tags of its template. */
  readonly isListed?: boolean;
}

export function say(text: string): PolicyReply {
  return { text, calls: [] };
}

export function callTool(name: string, argumentsText: string): PolicyReply {
  return { text: "", calls: [{ name, argumentsText }] };
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
  /** Just after what ends it for a reader of the whole text. */
  readonly end: number;
}

export interface WrittenReply {
  readonly text: string;
  /** In the order in which they are written; more than one only in tags. */
  readonly calls: readonly WrittenCall[];
}

const tags = { marker: "<tool_call>\n", field: "arguments", end: "\n</tool_call>" };
const list = { marker: "[", field: "parameters", end: "]" };

/** The text a model would generate for a reply: the same bytes that the chat template renders for it in the next prompt. */
export function writeReply({ text, calls }: PolicyReply): WrittenReply {
  let whole = text;
  const written = calls.map((call) => {
    if (whole !== "") whole += "\n";
    const placed = writeCall(call, whole);
    whole = placed.text;
    return placed.call;
  });
  return { text: whole, calls: written };
}

function writeCall(call: ReplyCall, before: string): { readonly text: string; readonly call: WrittenCall } {
  const { marker, field, end } = call.isListed === true ? list : tags;
  const named = `${before}${marker}{"name": ${JSON.stringify(call.name)}`;
  const head = `${named}, "${field}": `;
  const argumentsEnd = head.length + call.argumentsText.length;
  const text = `${head}${call.argumentsText}}${end}`;
  return {
    text,
    call: {
      ...call,
      marker,
      start: before.length,
      nameEnd: named.length,
      argumentsStart: head.length,
      argumentsEnd,
      objectEnd: argumentsEnd + 1,
      end: text.length,
    },
  };
}
