import { parseForTemplate } from "./python-literals.ts";

/** A chat message as it came: nothing about it is known but that it is an object. */
export type Message = Readonly<Record<string, unknown>>;

/** What a template can print. `string`: text only, other parts are dropped. `openai`: lists of parts. */
export type ContentFormat = "string" | "openai";

export interface NormalisedMessages {
  readonly messages: readonly Message[];
  /** Assistant tool calls whose arguments are not a JSON object; their text is kept. */
  readonly invalidArguments: number;
}

/**
 * Messages in the form in which SGLang hands them to a chat template: text parts are joined with one space, arguments are
 * objects. Tool calls that are no objects, or name no function, are left out. Pure: what is not changed is the same
 * object, what is changed is a copy.
 */
export function normaliseMessages(messages: readonly Message[], format: ContentFormat): NormalisedMessages {
  const count = { invalidArguments: 0 };
  const normalised = messages.map((message) => {
    const content = normaliseContent(message["content"], { format, role: message["role"] });
    const calls = message["role"] === "assistant" ? message["tool_calls"] : undefined;
    const toolCalls = Array.isArray(calls) ? normaliseCalls(calls, count) : calls;
    const same = content === message["content"] && (calls === undefined || toolCalls === calls);
    if (same) return message;
    return { ...message, content, ...(calls === undefined ? {} : { tool_calls: toolCalls }) };
  });
  return { messages: normalised, ...count };
}

function normaliseContent(
  content: unknown,
  { format, role }: { readonly format: ContentFormat; readonly role: unknown },
): unknown {
  if (typeof content === "string") return content;
  if (content === null || content === undefined) return "";
  if (typeof content !== "object") return `${content as number | boolean}`;
  const parts = (Array.isArray(content) ? content : [content]).map(normalisePart);
  const texts = parts.filter(isText);
  const onlyText = texts.length === parts.length;
  if (format === "string" || (role === "tool" && onlyText)) return texts.map(textOf).join(" ");
  return parts.flatMap((part) => {
    if (isText(part)) return [{ type: "text", text: textOf(part) }];
    const media = mediaTypes.get(part.type);
    return media === undefined ? [] : [{ type: media }];
  });
}

interface Part {
  readonly type: unknown;
  readonly text?: unknown;
}

function normalisePart(part: unknown): Part {
  if (part === null || typeof part !== "object") return { type: "text", text: String(part) };
  const fields = part as Readonly<Record<string, unknown>>;
  if (fields["type"] === undefined && typeof fields["text"] === "string") return { ...fields, type: "text" };
  return fields as unknown as Part;
}

const isText = ({ type }: Part) => type === "text" || type === "input_text";
const textOf = ({ text }: Part) => (typeof text === "string" ? text : "");
const mediaTypes = new Map<unknown, string>(
  ["image", "video", "audio"].flatMap((kind) => [
    [kind, kind],
    [`${kind}_url`, kind],
    [`input_${kind}`, kind],
  ]),
);

interface CallCount {
  invalidArguments: number;
}

/** The same list when nothing in it changes. */
function normaliseCalls(calls: readonly unknown[], count: CallCount): readonly unknown[] {
  const normalised = calls.map((call) => normaliseCall(call, count)).filter((call) => call !== null);
  const same = normalised.length === calls.length && normalised.every((call, at) => call === calls[at]);
  return same ? calls : normalised;
}

function normaliseCall(call: unknown, count: CallCount): object | null {
  if (!isRecord(call)) return null;
  if (isRecord(call["function"])) {
    const withArguments = parsedArguments(call["function"], count);
    return withArguments === call["function"] ? call : { ...call, function: withArguments };
  }
  // The flat form that some clients send: {"name", "arguments"}.
  if (typeof call["name"] !== "string" || call["function"] !== undefined) return null;
  return parsedArguments(call, count);
}

function parsedArguments(fields: Message, count: CallCount): Message {
  const text = fields["arguments"];
  if (typeof text !== "string") return fields;
  const value = parseOrNothing(text);
  if (isRecord(value)) return { ...fields, arguments: value };
  count.invalidArguments += 1;
  return fields;
}

/** undefined for a text that is not JSON; no JSON text means that. */
function parseOrNothing(text: string): unknown {
  try {
    return parseForTemplate(text);
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Message {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
