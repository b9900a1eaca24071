import { isJson, isSaid, shown, type Fields } from "./json.ts";

/** Fields that make an event without an answer an error, whatever else is in it. */
const errorFields = [
  "errors",
  "detail",
  "error_code",
  "error_msg",
  "error_message",
  "err_msg",
  "errorMessage",
  "exception",
  "fault",
];

/** Envelopes of a status: MiniMax, ByteDance. */
export const statusFields = ["base_resp", "baseResp", "BaseResp"];
/** Words that go with a status that all is well. */
const successWords = /^(?:ok|success\w*|succe\w+|done|completed?)?\.?$/i;

/**
 * Whether an event is an error: servers say so in many ways. `error` with something in it is one wherever it stands, and so
 * is a status that names one; all else only where there is no answer beside it.
 */
export function isErrorEvent(event: Fields): boolean {
  const { error, type, object, status, code, message, success } = event;
  if (error !== false && isSaid(error)) return true;
  if (type === "error" || object === "error") return true;
  const words = wordsOf(event);
  if (words !== null && (isHttpError(status) || isHttpError(code))) return true;
  if (statusFields.some((name) => isJson(event[name]) && isFailed(event[name]))) return true;
  const isAnswer = [event["choices"], event["meta_info"]].some(isSaid) || isCounted(event["usage"]);
  if (isAnswer || isJson(message) || isSuccess(event)) return false;
  const failed =
    status === "error" ||
    status === "failed" ||
    success === false ||
    isHttpError(code) ||
    Number(status) >= 400;
  return failed || words !== null || errorFields.some((name) => isSaid(event[name]));
}

/** An envelope that says that there is no error. */
export function isSuccess({ code, ...event }: Fields): boolean {
  return (
    (Number(code ?? NaN) === 0 || Number(code) === 200) && successWords.test(wordsOf(event)?.trim() ?? "")
  );
}

/**
 * As much of an error as a message can hold: where it is long without the answer and all else beside it, so that the words
 * of the server are in it.
 */
export function shownError(event: unknown): string {
  const text = shown(event);
  if (!isJson(event) || !text.endsWith("…")) return text;
  const names = Object.keys(event).filter((name) => isErrorField(name, event[name]));
  return names.length === 0 ? text : shown(Object.fromEntries(names.map((name) => [name, event[name]])));
}

function isErrorField(name: string, value: unknown): boolean {
  const isWord = /^(?:error|code|type|status|message|msg|title|reason|success)$/.test(name);
  return isSaid(value) && (isWord || errorFields.includes(name) || statusFields.includes(name));
}

function wordsOf({ message, msg }: Fields): string | null {
  const words = message ?? msg;
  return typeof words === "string" ? words : null;
}

function isHttpError(value: unknown): boolean {
  const code = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof code === "number" && code >= 400 && code < 600;
}

/** 0 is no error, nor is what HTTP calls none; without a code the words tell. */
function isFailed(status: Fields): boolean {
  const code = status["status_code"] ?? status["statusCode"] ?? status["StatusCode"] ?? status["code"];
  const words = status["status_msg"] ?? status["statusMsg"] ?? status["StatusMessage"] ?? status["message"];
  if (code != null && code !== "") return Number(code) !== 0 && Number(code) !== 200;
  return typeof words === "string" && !successWords.test(words.trim());
}

/** Zeros count nothing. */
function isCounted(usage: unknown): boolean {
  return isJson(usage) && Object.values(usage).some((count) => isSaid(count) && count !== 0);
}
