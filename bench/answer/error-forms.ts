import { isJson, isSaid, type Fields } from "./json.ts";

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

/**
 * Whether an event is an error: servers say so in many ways. `error` with something in it is one wherever it stands; all
 * else only where there is no answer beside it.
 */
export function isErrorEvent(event: Fields): boolean {
  const { error, type, object, status, message, msg, success } = event;
  if (error !== false && isSaid(error)) return true;
  if (type === "error" || object === "error") return true;
  const isAnswer = [event["choices"], event["meta_info"], event["usage"]].some(isSaid) || isJson(message);
  if (isAnswer) return false;
  const isFailed = status === "error" || status === "failed" || success === false || Number(status) >= 400;
  return isFailed || typeof (message ?? msg) === "string" || errorFields.some((name) => isSaid(event[name]));
}
