import type { Answer } from "../answer/answer.ts";
import { callIsLost, whyUnusable } from "../answer/complete.ts";
import { shown } from "../answer/json.ts";
import { saysTooLong } from "../host/bounded-body.ts";
import { answerOf } from "./exchange-answer.ts";
import { isGenerationRequest, type Exchange, type MatchedInnerEnd } from "./exchange.ts";

/**
 * Why the agent did not get a whole answer to a model request, as it follows "the request"; null when it did, also where
 * one side left after the end of it. The engine or what stands in front of it has failed then, whatever the agent program
 * made of it.
 */
export function generationFault(exchange: Exchange): string | null {
  const { outcome, status } = exchange;
  if (!isGenerationRequest(exchange)) return null;
  if (status === null) return `got no answer: ${causeOf(exchange)}`;
  if (status !== 200)
    return `was answered with status ${status}: ${shown(exchange.responseBody.trim()) || "(empty body)"}`;
  const cause = causeOf(exchange);
  if (saysTooLong(cause)) return `got an answer that was cut, because ${cause}`;
  const answer = answerOf(exchange);
  const why = whyUnusable(answer);
  if (why === null) {
    return callIsLost(answer) ? lostCall(answer) : hiddenFault(exchange);
  }
  if (outcome === "client-aborted") {
    const { calls } = answer;
    const soFar = calls.length === 0 ? "" : `, in which it had got the calls ${shown(calls)}`;
    return `was left by the agent before its answer was at its end${soFar}`;
  }
  const cut = outcome === "completed" ? "" : ` (the connection broke: ${cause})`;
  return `got an answer that ${why}${cut}`;
}

/** What ended an exchange, where it arose: the side that is closed because of it says nothing but that. */
function causeOf({ outcome, error, inner = [] }: Exchange): string {
  const end = outcome === "client-aborted" ? undefined : endOf(inner.filter(({ certain }) => certain));
  const arose = end?.outcome === "client-aborted" ? null : end?.error;
  return arose ?? error ?? outcome;
}

function lostCall({ finish, calls }: Answer): string {
  const rest = calls.length === 0 ? "without a call" : `with a call without a name, ${shown(calls)}`;
  return `got an answer with finish reason ${finish} and ${rest}: the server's parser lost it`;
}

/**
 * Whether the server refused a request for what was in it, e.g. a conversation longer than the context. Nothing was
 * generated and nothing is broken: what that means, the agent says.
 */
export function isRefusal({ status }: Pick<Exchange, "status">): boolean {
  return status === 400 || status === 413 || status === 422;
}

/** A gateway can make a clean end of an answer that the engine did not end: what the agent got is not what the engine said. */
function hiddenFault({ inner = [] }: Exchange): string | null {
  const end = endOf(inner.filter(({ certain }) => certain));
  const fault = end === undefined ? null : innerFault(end);
  return fault === null ? null : `was answered cleanly by the gateway although the engine's answer ${fault}`;
}

/** Whether a fault of the engine that the gateway hid may have been that of this request. */
export function hasFaultNear({ inner = [] }: Exchange): boolean {
  return inner.some((end) => !end.certain && innerFault(end) !== null);
}

/** The request to the engine that counts: one that the gateway left for another, e.g. a slower one, does not. */
function endOf(inner: readonly MatchedInnerEnd[]): MatchedInnerEnd | undefined {
  return inner.findLast(({ outcome }) => outcome !== "client-aborted") ?? inner.at(-1);
}

function innerFault({ status, outcome, error, incomplete }: MatchedInnerEnd): string | null {
  if (status === 200 && incomplete === null) return null;
  if (outcome === "client-aborted") return "was left by the gateway before its end";
  if (status === null) return `never came: ${error ?? outcome}`;
  if (status !== 200) return `had status ${status}`;
  return outcome === "completed" ? incomplete : `${incomplete} (the connection broke: ${error ?? outcome})`;
}
