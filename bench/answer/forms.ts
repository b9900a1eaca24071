import type { TokenUsage } from "./answer.ts";
import { CallDeltas } from "./call-deltas.ts";

/** What has been read of an answer so far. */
export class Draft {
  text = "";
  reasoning = "";
  readonly calls = new CallDeltas();
  responseId: string | null = null;
  model: string | null = null;
  fingerprint: string | null = null;
  begun = false;
  finish: string | null = null;
  usage: TokenUsage | null = null;
  error: string | null = null;
  /** The event at hand carries text, reasoning or a part of a call. */
  carriesTokens = false;
  /** What is the first thing in the event at hand that cannot be read. */
  odd: string | null = null;
  /** Whether a frame of `/generate` repeats the text so far; null until the second one shows it. */
  framesRepeat: boolean | null = null;
}

type Json = Readonly<Record<string, unknown>>;

/** Takes a field's value, which is not null, into the draft. False: the value has a form that is not known. */
type Form = (draft: Draft, value: unknown, owner: Json) => boolean;
type Forms = ReadonlyMap<string, Form>;

/*
 * The forms that are understood: a line for each field, and an example of each in test/answer/forms.test.ts. A field
 * without a line says nothing about the answer. There is no schema of a whole event, because for one odd field it would
 * refuse all the others; here each field is read for itself.
 */
const eventForms: Forms = new Map<string, Form>([
  ["id", setId],
  ["created", () => true],
  ["choices", (draft, choices) => eachOf(choices, (choice) => readChoice(draft, choice))],
  ["usage", setUsage],
  ["error", (draft, error, event) => error === false || error === "" || setError(draft, event)],
  // Older SGLang and vLLM: the event itself is the error.
  ["object", (draft, object, event) => object !== "error" || setError(draft, event)],
  // SGLang's own `/generate`.
  ["meta_info", (draft, meta, event) => isJson(meta) && readFrame(draft, meta, event)],
]);
const choiceForms: Forms = new Map<string, Form>([
  ["delta", (draft, delta) => isJson(delta) && readFields(draft, partForms, delta)],
  [
    "message",
    (draft, part, { delta }) => isJson(delta) || (isJson(part) && readFields(draft, wholeForms, part)),
  ],
  // Completions that are no chat.
  ["text", (draft, text) => add("text", draft, text)],
  ["finish_reason", setFinish],
]);
const partForms: Forms = new Map<string, Form>([
  ["content", (draft, text) => add("text", draft, text)],
  ["reasoning_content", (draft, text) => add("reasoning", draft, text)],
  // vLLM's newer name; servers that send both send one text twice.
  [
    "reasoning",
    (draft, text, part) => typeof part["reasoning_content"] === "string" || add("reasoning", draft, text),
  ],
  ["tool_calls", (draft, calls) => addCalls(draft, calls, false)],
  ["function_call", (draft, call) => addCalls(draft, [{ function: call }], false)],
]);
const wholeForms: Forms = new Map([
  ...partForms,
  ["tool_calls", (draft, calls) => addCalls(draft, calls, true)],
]);

/** What gateways send so that a connection stays open. */
const keepAlive = /^(?:ping|heartbeat|keep-?alive)$/;

/** Reads an event of a stream, or an answer in one piece: an object, or `null`, which says nothing. */
export function readEvent(draft: Draft, event: unknown): void {
  if (!isJson(event)) return;
  // Who answers; an event that tells only that is no answer.
  draft.model ??= textOf(event["model"]) || null;
  draft.fingerprint ??= textOf(event["system_fingerprint"]) || null;
  const names = Object.keys(event);
  if (names.length === 0 || names.some((name) => eventForms.has(name))) readFields(draft, eventForms, event);
  else if (!keepAlive.test(String(event["type"]))) draft.odd = `no answer: ${shown(event)}`;
}

function readFields(draft: Draft, forms: Forms, owner: Json): true {
  for (const name in owner) {
    const value = owner[name];
    const form = value === null ? undefined : forms.get(name);
    if (form !== undefined && !form(draft, value, owner)) draft.odd ??= `${name} is ${shown(value)}`;
  }
  return true;
}

/** Of several choices the first: more are never asked for. */
function readChoice(draft: Draft, choice: unknown): boolean {
  draft.begun = true;
  return isJson(choice) && ((choice["index"] ?? 0) !== 0 || readFields(draft, choiceForms, choice));
}

/** Frames repeat the text so far or, with `--incremental-streaming-output`, bring what is new. */
function readFrame(draft: Draft, meta: Json, { text, output_ids: ids }: Json): boolean {
  draft.begun = true;
  if (typeof text === "string" && text !== "") {
    if (draft.text !== "") draft.framesRepeat ??= text.startsWith(draft.text);
    draft.text = draft.framesRepeat === true ? text : draft.text + text;
    draft.carriesTokens = true;
  }
  draft.carriesTokens ||= Array.isArray(ids) && ids.length > 0;
  const reason = meta["finish_reason"];
  const finished = reason == null || setFinish(draft, isJson(reason) ? reason["type"] : reason);
  setId(draft, meta["id"]);
  return setUsage(draft, { ...meta, prompt_tokens_details: meta }) && finished;
}

/** Text goes to either of the two parts of what was said. */
function add(part: "text" | "reasoning", draft: Draft, value: unknown): boolean {
  if (typeof value !== "string") return false;
  draft[part] += value;
  draft.carriesTokens ||= value !== "";
  return true;
}

/** @param whole each entry is a call of its own, not a part of one */
function addCalls(draft: Draft, entries: unknown, whole: boolean): boolean {
  return eachOf(entries, (entry, position, { length }) => {
    draft.carriesTokens = true;
    const called = isJson(entry) ? (entry["function"] ?? {}) : null;
    if (!isJson(entry) || !isJson(called)) return false;
    const value = called["arguments"] ?? "";
    const argumentsText = typeof value === "object" ? jsonOf(value) : value;
    if (typeof argumentsText !== "string") return false;
    const [id, name] = [textOf(entry["id"]), textOf(called["name"])];
    const given = whole || typeof entry["index"] !== "number" ? null : entry["index"];
    const index = given ?? (whole || (id === "" && length > 1) ? position : null);
    draft.calls.add({ index, id, name, argumentsText });
    return true;
  });
}

function setFinish(draft: Draft, value: unknown): boolean {
  if (value !== "") draft.finish = textOf(value) || draft.finish;
  return typeof value === "string";
}

/** Zeros that a gateway made up never replace what the engine said before. */
function setUsage(draft: Draft, value: unknown): boolean {
  if (!isJson(value)) return false;
  const {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    prompt_tokens_details: details,
  } = value;
  if (typeof promptTokens !== "number" || typeof completionTokens !== "number") return false;
  const cached = isJson(details) ? details["cached_tokens"] : null;
  if (draft.usage === null || promptTokens + completionTokens > 0)
    draft.usage = {
      promptTokens,
      completionTokens,
      cachedTokens: typeof cached === "number" ? cached : null,
    };
  return true;
}

function setId(draft: Draft, id: unknown): true {
  draft.responseId ??= textOf(id) || null;
  return true;
}

function setError(draft: Draft, event: Json): true {
  draft.error ??= shown(event);
  return true;
}

/** Reads all of them, also behind one that cannot be read. */
function eachOf(
  values: unknown,
  read: (value: unknown, at: number, all: readonly unknown[]) => boolean,
): boolean {
  return Array.isArray(values) && values.map(read).every(Boolean);
}

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const textOf = (value: unknown) => (typeof value === "string" ? value : "");

/** As much of a value as a message can hold. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? value : (jsonOf(value) ?? "nested too deeply");
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

/** null for what is nested too deeply to be written. */
function jsonOf(value: unknown): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}
