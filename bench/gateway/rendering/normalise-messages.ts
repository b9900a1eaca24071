import { parseForTemplate } from "./python-literals.ts";

/** A chat message as it came: nothing about it is known but that it is an object. */
export type Message = Readonly<Record<string, unknown>>;

/** What an engine does with messages before its template. */
export interface EngineProfile {
  /**
   * `sglang`: text parts are joined with one space. `pr1175` (AReaL's pull request 1175): only a single text part becomes
   * text, null stays null, arguments may become any JSON value.
   */
  readonly rules: "sglang" | "pr1175";
  /** What the template can print. `string`: text only, other parts are dropped. `openai`: lists of parts. */
  readonly contentFormat: "string" | "openai";
}

export interface NormalisedMessages {
  readonly messages: readonly Message[];
  /** Assistant tool calls whose arguments are not a JSON object; their text is kept. */
  readonly invalidArguments: number;
  /** Tool calls that are no objects, or name no function; they are left out. */
  readonly malformedCalls: number;
}

/**
 * Messages in the form in which a chat template takes them. Pure: what is not changed is the same object, what is changed
 * is a copy.
 */
export function normaliseMessages(messages: readonly Message[], profile: EngineProfile): NormalisedMessages {
  const count = { invalidArguments: 0, malformedCalls: 0 };
  const normalised = messages.map((message) => {
    const content = normaliseContent(message["content"], { profile, role: message["role"] });
    const calls = message["role"] === "assistant" ? message["tool_calls"] : undefined;
    const toolCalls = Array.isArray(calls) ? normaliseCalls(calls, { profile, count }) : calls;
    const same = content === message["content"] && (calls === undefined || toolCalls === calls);
    if (same) return message;
    return { ...message, content, ...(calls === undefined ? {} : { tool_calls: toolCalls }) };
  });
  return { messages: normalised, ...count };
}

interface ContentContext {
  readonly profile: EngineProfile;
  readonly role: unknown;
}

function normaliseContent(content: unknown, { profile, role }: ContentContext): unknown {
  if (typeof content === "string") return content;
  if (content === null || content === undefined) return profile.rules === "sglang" ? "" : content;
  if (content instanceof Uint8Array) return new TextDecoder().decode(content);
  if (typeof content !== "object") return `${content as number | boolean | bigint}`;
  const list: unknown[] = isIterable(content) ? [...content] : [content];
  const parts = list.map(normalisePart);
  return profile.rules === "sglang" ? sglangContent(parts, { profile, role }) : pr1175Content(content, parts);
}

interface Part {
  readonly type: unknown;
  readonly text?: unknown;
}

function normalisePart(part: unknown): Part {
  if (part instanceof Uint8Array) return { type: "text", text: new TextDecoder().decode(part) };
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

function sglangContent(parts: readonly Part[], { profile, role }: ContentContext): unknown {
  const texts = parts.filter(isText);
  const onlyText = texts.length === parts.length;
  if (profile.contentFormat === "string" || (role === "tool" && onlyText)) return texts.map(textOf).join(" ");
  return parts.flatMap((part) => {
    if (isText(part)) return [{ type: "text", text: textOf(part) }];
    const media = mediaTypes.get(part.type);
    return media === undefined ? [] : [{ type: media }];
  });
}

function pr1175Content(content: unknown, parts: readonly Part[]): unknown {
  const [only] = parts;
  if (parts.length === 1 && only?.type === "text") return textOf(only);
  const unchanged =
    Array.isArray(content) &&
    content.length === parts.length &&
    content.every((part, at) => part === parts[at]);
  return unchanged ? content : parts;
}

interface CallContext {
  readonly profile: EngineProfile;
  readonly count: { invalidArguments: number; malformedCalls: number };
}

/** The same list when nothing in it changes. */
function normaliseCalls(calls: readonly unknown[], context: CallContext): readonly unknown[] {
  const normalised = calls.flatMap((call) => {
    const kept = normaliseCall(call, context);
    if (kept === null) context.count.malformedCalls += 1;
    return kept === null ? [] : [kept];
  });
  const same = normalised.length === calls.length && normalised.every((call, at) => call === calls[at]);
  return same ? calls : normalised;
}

function normaliseCall(call: unknown, context: CallContext): object | null {
  if (!isRecord(call)) return null;
  if (isRecord(call["function"])) {
    const withArguments = parsedArguments(call["function"], context);
    return withArguments === call["function"] ? call : { ...call, function: withArguments };
  }
  // The flat form that some clients send: {"name", "arguments"}.
  if (typeof call["name"] !== "string" || call["function"] !== undefined) return null;
  return parsedArguments(call, context);
}

function parsedArguments(fields: Message, { profile, count }: CallContext): Message {
  const text = fields["arguments"];
  if (typeof text !== "string") return fields;
  const value = parseOrNothing(text);
  if (isRecord(value) || (profile.rules === "pr1175" && value !== undefined))
    return { ...fields, arguments: value };
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

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value;
}
