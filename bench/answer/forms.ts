import { addCalls, addFunctionCall } from "./call-forms.ts";
import { keepsFinish } from "./complete.ts";
import type { Draft } from "./draft.ts";
import { isErrorEvent, isSuccess, shownError, statusFields } from "./error-forms.ts";
import { isJson, isSaid, shown, type Fields } from "./json.ts";
import { addReasoning, addText } from "./text-forms.ts";

/** Takes a field's value, which is not null, into the draft. False: the value has a form that is not known. */
type Form = (draft: Draft, value: unknown, owner: Fields) => boolean;
type Forms = ReadonlyMap<string, Form>;

/*
 * The forms that are understood: a line for each field, and an example of each in test/answer/forms.test.ts. A field
 * without a line says nothing about the answer. There is no schema of a whole event, because for one odd field it would
 * refuse all the others; here each field is read for itself.
 */
const eventForms: Forms = new Map<string, Form>([
  ["id", setId],
  ["created", () => true],
  // A status that names an error has been looked for before.
  ...statusFields.map((name): [string, Form] => [name, () => true]),
  ["choices", (draft, choices) => eachOf(listOf(choices), (choice) => readChoice(draft, choice))],
  ["usage", addUsage],
  // Groq.
  ["x_groq", (draft, more) => !isJson(more) || more["usage"] == null || addUsage(draft, more["usage"])],
  // SGLang's own `/generate`.
  ["meta_info", (draft, meta, event) => isJson(meta) && readFrame(draft, meta, event)],
  // Ollama's own `/api/chat`.
  [
    "message",
    (draft, message, event) => (isJson(message) ? readOllama(draft, message, event) : isSuccess(event)),
  ],
]);
/** The message of an error is no answer. */
const besideError: Forms = new Map([...eventForms].filter(([name]) => name !== "message"));
const choiceForms: Forms = new Map<string, Form>([
  ["delta", (draft, delta) => isJson(delta) && readFields(draft, partForms, delta)],
  ["message", readMessage],
  // Completions that are no chat.
  ["text", unlessSaid(["delta", "message"], addText)],
  ["finish_reason", setFinish],
  // Moonshot.
  ["usage", addUsage],
  // OpenRouter.
  ["error", (draft, _error, choice) => setError(draft, choice)],
]);
const partForms: Forms = new Map<string, Form>([
  ["content", addText],
  ["refusal", addText],
  ["reasoning_content", addReasoning],
  // vLLM's newer name, OpenRouter's list, LiteLLM's blocks, Ollama's name; whoever sends several sends one text in each.
  ["reasoning", unlessSaid(["reasoning_content"], addReasoning)],
  ["reasoning_details", unlessSaid(["reasoning_content", "reasoning"], addReasoning)],
  ["thinking", unlessSaid(["reasoning_content", "reasoning"], addReasoning)],
  ["thinking_blocks", unlessSaid(["reasoning_content", "reasoning", "thinking"], addReasoning)],
  ["tool_calls", (draft, calls) => addCalls(draft, calls, false)],
  ["function_call", (draft, call, part) => isSaid(part["tool_calls"]) || addFunctionCall(draft, call)],
]);
const wholeForms: Forms = new Map([
  ...partForms,
  ["tool_calls", (draft, calls) => addCalls(draft, calls, true)],
]);

/** What gateways send so that a connection stays open. */
export const keepAlive = /^(?:chat\.completion\.)?(?:ping|pong|heartbeat|keep-?alive)$/i;

/** Reads an event of a stream, or an answer in one piece: an object, several of them, or `null`, which says nothing. */
export function readEvent(draft: Draft, event: unknown, name = ""): void {
  if (Array.isArray(event)) for (const one of event) readOne(draft, one, name);
  else readOne(draft, event, name);
}

function readOne(draft: Draft, event: unknown, name: string): void {
  if (name === "error") setError(draft, event);
  else if (event === null || keepAlive.test(name) || keepsAlive(event)) return;
  else if (!isJson(event)) draft.odd ??= `no JSON object: ${shown(event)}`;
  else if (isErrorEvent(event)) {
    setError(draft, event);
    readFields(draft, besideError, event);
  } else readAnswerEvent(draft, event);
}

function keepsAlive(event: unknown): boolean {
  const kinds = isJson(event) ? [event["type"], event["object"], event["event"]] : [event];
  return kinds.some((kind) => typeof kind === "string" && keepAlive.test(kind));
}

/** An event of Anthropic's Messages, OpenAI's Responses, Gemini and others is named: half of an answer would be none. */
function readAnswerEvent(draft: Draft, event: Fields): void {
  // Who answers; an event that tells only that is no answer.
  draft.model ??= nameIn(event["model"]);
  draft.fingerprint ??= nameIn(event["system_fingerprint"]);
  const names = Object.keys(event);
  const isKnown = names.length === 0 || names.some((name) => eventForms.has(name)) || isSuccess(event);
  const isOwn = event["choices"] !== undefined || event["meta_info"] !== undefined;
  const other = isOwn ? undefined : otherApis.find((name) => event[name] != null);
  if (isKnown) readFields(draft, eventForms, event);
  else draft.odd ??= `no answer: ${shown(event)}`;
  if (isKnown && other !== undefined) draft.odd ??= `answer of another API, with ${other}: ${shown(event)}`;
}

/** Fields in which other APIs put their answers. */
const otherApis = [
  "output",
  "content",
  "candidates",
  "generated_text",
  "token",
  "response",
  "delta",
  "output_text",
];

function readFields(draft: Draft, forms: Forms, owner: Fields): true {
  for (const name in owner) {
    const value = owner[name];
    const form = value === null ? undefined : forms.get(name);
    if (form !== undefined && !form(draft, value, owner)) draft.odd ??= `${name} is ${shown(value)}`;
  }
  return true;
}

function readChoice(draft: Draft, choice: unknown): boolean {
  if (!isJson(choice)) return false;
  draft.begun = true;
  const index = Number(choice["index"] ?? 0);
  draft.choice ??= index;
  return Object.is(draft.choice, index) && readFields(draft, choiceForms, choice);
}

/** The whole message in place of a delta. Where both are there, the message says again what the deltas said. */
function readMessage(draft: Draft, message: unknown, { delta }: Fields): boolean {
  const isRepeated = isJson(delta) && (draft.says || isSaid(Object.values(delta).find(isSaid)));
  return isRepeated || (isJson(message) && readFields(draft, wholeForms, message));
}

/** Frames repeat the text so far or, with `--incremental-streaming-output`, bring what is new. */
function readFrame(draft: Draft, meta: Fields, { text, output_ids: ids }: Fields): boolean {
  draft.begun = true;
  if (typeof text === "string" && text !== "") {
    if (draft.text !== "") draft.framesRepeat ??= text.startsWith(draft.text);
    draft.text = draft.framesRepeat === true ? text : draft.text + text;
    draft.carriesTokens = true;
  }
  draft.carriesTokens ||= Array.isArray(ids) && ids.length > 0;
  setId(draft, meta["id"]);
  addUsage(draft, meta);
  return (
    (typeof text === "string" || text == null) &&
    (meta["finish_reason"] == null || setFinish(draft, meta["finish_reason"]))
  );
}

function readOllama(draft: Draft, message: Fields, event: Fields): boolean {
  if (typeof event["done"] !== "boolean") return false;
  draft.begun = true;
  readFields(draft, wholeForms, message);
  draft.done ||= event["done"];
  if (event["eval_count"] != null)
    addUsage(draft, {
      prompt_tokens: event["prompt_eval_count"] ?? 0,
      completion_tokens: event["eval_count"],
    });
  return event["done_reason"] == null || setFinish(draft, event["done_reason"]);
}

/** A text, or an object with its type. A reason that says that the engine gave up is never taken back. */
function setFinish(draft: Draft, value: unknown): boolean {
  const reason = isJson(value) ? value["type"] : value;
  if (typeof reason !== "string") return false;
  if (!keepsFinish(draft.finish, reason)) draft.finish = shown(reason);
  return true;
}

/** What cannot be is no fault of the event: the answer beside it is good. */
function addUsage(draft: Draft, value: unknown): true {
  draft.usage.add(value);
  return true;
}

function nameIn(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function setId(draft: Draft, id: unknown): true {
  if (typeof id === "string" && id !== "") draft.responseId ??= id;
  return true;
}

function setError(draft: Draft, event: unknown): true {
  draft.error ??= shownError(event);
  return true;
}

function unlessSaid(names: readonly string[], form: Form): Form {
  return (draft, value, part) => names.some((name) => isSaid(part[name])) || form(draft, value, part);
}

/** One thing where a list is expected is a list of one; an empty object is none. */
function listOf(value: unknown): unknown {
  if (!isJson(value)) return value;
  return Object.keys(value).length === 0 ? [] : [value];
}

/** Reads all of them, also behind one that cannot be read. */
function eachOf(values: unknown, read: (value: unknown) => boolean): boolean {
  return Array.isArray(values) && values.map(read).every(Boolean);
}
