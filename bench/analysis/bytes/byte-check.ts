import { z } from "zod";
import { messageOf } from "../../errors.ts";
import type { TranscriptMessage } from "../../transcript/transcript.ts";
import { memberText, spelledAlike } from "../../store/json-text.ts";

/** What the agent's model must have been sent: the transcript without what only the user model saw. */
export interface ExpectedPrompt {
  readonly system: string;
  /** JSON text of the tools array. */
  readonly tools: string;
  readonly messages: readonly TranscriptMessage[];
}

export interface ByteDifference {
  /** e.g. `messages[3].tool_calls[0].function.arguments`, `tools`, `body`. */
  readonly place: string;
  /** From a little before the first different character on; null: absent. */
  readonly expected: string | null;
  readonly actual: string | null;
}

/** One request compared. */
interface ByteComparison {
  readonly differences: readonly ByteDifference[];
  /** Tool results that are not what the tool server answered; reported apart, because they are not the model's words. */
  readonly toolResultDifferences: readonly ByteDifference[];
  /** How an empty text beside tool calls was sent; `null`, `""` and absent mean the same to every chat template. */
  readonly emptyContents: Readonly<Record<"null" | "empty" | "absent", number>>;
}

const messageSchema = z.object({
  role: z.string(),
  content: z.unknown().optional(),
  tool_call_id: z.string().optional(),
  tool_calls: z
    .array(z.object({ id: z.string(), function: z.object({ name: z.string(), arguments: z.string() }) }))
    .nullish(),
});
const bodySchema = z.object({ messages: z.array(messageSchema) });
type SentMessage = z.infer<typeof messageSchema>;

/**
 * Compares one chat request with the transcript: system message, user texts, assistant texts, tool-call ids, names and
 * argument strings, and the tools array, byte for byte and in order. The request may end anywhere in the transcript;
 * where `requestId` produced a message of it, it must end exactly before that message.
 */
export function compareRequest(
  body: string,
  expected: ExpectedPrompt,
  requestId: string | null,
): ByteComparison {
  const parsed = parseBody(body);
  if (typeof parsed === "string")
    return only([{ place: "body", expected: "a chat request", actual: parsed }]);
  const [system, ...sent] = parsed.messages;
  const visible = expected.messages.filter(seenByAgent);
  const differences: ByteDifference[] = [
    ...text("messages[0].role", "system", system?.role ?? null),
    ...text("messages[0].content", expected.system, contentText(system)),
    ...compareTools(expected.tools, memberText(body, "tools")),
    ...compareLength(visible, sent.length, requestId),
  ];
  const toolResultDifferences: ByteDifference[] = [];
  const emptyContents = { null: 0, empty: 0, absent: 0 };
  for (const [index, actual] of sent.entries()) {
    const place = `messages[${index + 1}]`;
    const wanted = visible[index];
    if (wanted === undefined) {
      differences.push({ place, expected: null, actual: snippet(JSON.stringify(actual), 0) });
      continue;
    }
    const form = emptyForm(wanted, actual);
    if (form !== null) emptyContents[form] += 1;
    differences.push(...compareMessage(place, wanted, actual));
    if (wanted.role === "tool" && actual.role === "tool") {
      toolResultDifferences.push(...text(`${place}.content`, wanted.content, contentText(actual)));
    }
  }
  return { differences, toolResultDifferences, emptyContents };
}

function parseBody(body: string): z.infer<typeof bodySchema> | string {
  try {
    const parsed = bodySchema.safeParse(JSON.parse(body));
    return parsed.success ? parsed.data : z.prettifyError(parsed.error);
  } catch (thrown) {
    return messageOf(thrown);
  }
}

function only(differences: readonly ByteDifference[]): ByteComparison {
  return { differences, toolResultDifferences: [], emptyContents: { null: 0, empty: 0, absent: 0 } };
}

/** The simulated user's own tool calls and their results stay between the user model and its tools. */
function seenByAgent(message: TranscriptMessage): boolean {
  if (message.role === "tool") return message.requestor === "assistant";
  return message.role === "assistant" || message.toolCalls === null;
}

function compareLength(
  visible: readonly TranscriptMessage[],
  sent: number,
  requestId: string | null,
): ByteDifference[] {
  const produced = visible.findIndex(
    (message) => message.role !== "tool" && message.requestId !== null && message.requestId === requestId,
  );
  if (produced === -1 || produced === sent) return [];
  return [
    {
      place: "messages.length",
      expected: `${produced + 1} messages before the one that this request produced`,
      actual: `${sent + 1} messages`,
    },
  ];
}

function compareMessage(place: string, wanted: TranscriptMessage, actual: SentMessage): ByteDifference[] {
  const role = text(`${place}.role`, wanted.role, actual.role);
  if (role.length > 0) return role;
  if (wanted.role === "tool")
    return text(`${place}.tool_call_id`, wanted.toolCallId, actual.tool_call_id ?? null);
  const calls = wanted.toolCalls ?? [];
  const sentCalls = actual.tool_calls ?? [];
  return [
    ...(emptyForm(wanted, actual) === null
      ? text(`${place}.content`, wanted.content ?? "", contentText(actual))
      : []),
    ...text(`${place}.tool_calls.length`, String(calls.length), String(sentCalls.length)),
    ...calls.flatMap((call, index) => {
      const sent = sentCalls[index];
      const at = `${place}.tool_calls[${index}]`;
      if (sent === undefined) return [];
      return [
        ...text(`${at}.id`, call.id, sent.id),
        ...text(`${at}.function.name`, call.name, sent.function.name),
        ...text(`${at}.function.arguments`, call.arguments, sent.function.arguments),
      ];
    }),
  ];
}

/** Which spelling of "no text" a message with tool calls has; null where there is a text to compare. */
function emptyForm(wanted: TranscriptMessage, { content }: SentMessage): "null" | "empty" | "absent" | null {
  if (wanted.role !== "assistant" || wanted.toolCalls === null || (wanted.content ?? "") !== "") return null;
  if (content === undefined) return "absent";
  if (content === null) return "null";
  return content === "" ? "empty" : null;
}

/** A list of parts is another form of request, so it is shown as what it is. */
function contentText(message: SentMessage | undefined): string | null {
  const content = message?.content ?? null;
  return content === null || typeof content === "string" ? content : JSON.stringify(content);
}

const alike = new Map<string, string>();

/** Tools are equal when their JSON is, up to white space between tokens and the spelling of escapes. */
function compareTools(expected: string, actual: string | null): ByteDifference[] {
  if (expected === actual || (actual === null && spelled(expected) === "[]")) return [];
  return text("tools", spelled(expected), actual === null ? null : spelled(actual));
}

/** The same few texts come with every request of a run. */
function spelled(json: string): string {
  const known = alike.get(json);
  if (known !== undefined) return known;
  if (alike.size >= 64) alike.clear();
  const result = spelledAlike(json);
  alike.set(json, result);
  return result;
}

function text(place: string, expected: string | null, actual: string | null): ByteDifference[] {
  if (expected === actual) return [];
  const at = firstDifference(expected ?? "", actual ?? "");
  return [{ place, expected: snippet(expected, at), actual: snippet(actual, at) }];
}

function firstDifference(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at += 1;
  return at;
}

function snippet(text: string | null, at: number): string | null {
  if (text === null) return null;
  const from = Math.max(0, at - 20);
  return `${from > 0 ? "…" : ""}${text.slice(from, at + 60)}${text.length > at + 60 ? "…" : ""}`;
}
