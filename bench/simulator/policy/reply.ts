/** What a scripted policy wants to say next: a text, a tool call, or both. */
export interface PolicyReply {
  readonly text: string;
  readonly call: ReplyCall | null;
}

export interface ReplyCall {
  readonly name: string;
  /** JSON text of an object. */
  readonly argumentsText: string;
}

export function say(text: string): PolicyReply {
  return { text, call: null };
}

export function callTool(name: string, argumentsText: string): PolicyReply {
  return { text: "", call: { name, argumentsText } };
}

/** Where the parts of a tool call lie in the reply's text, in UTF-16 units; the API layer cuts deltas along them. */
export interface WrittenReply {
  readonly text: string;
  readonly contentEnd: number;
  readonly call: (ReplyCall & { readonly argumentsStart: number; readonly argumentsEnd: number }) | null;
}

/** The text a model would generate for a reply: the same bytes that the chat template renders for it in the next prompt. */
export function writeReply(reply: PolicyReply): WrittenReply {
  if (reply.call === null) return { text: reply.text, contentEnd: reply.text.length, call: null };
  const { name, argumentsText } = reply.call;
  const separator = reply.text === "" ? "" : "\n";
  const head = `${reply.text}${separator}<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments": `;
  return {
    text: `${head}${argumentsText}}\n</tool_call>`,
    contentEnd: reply.text.length,
    call: {
      name,
      argumentsText,
      argumentsStart: head.length,
      argumentsEnd: head.length + argumentsText.length,
    },
  };
}
