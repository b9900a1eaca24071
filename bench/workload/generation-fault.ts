import { callIsLost, whyUnusable } from "../answer/complete.ts";
import { shown } from "../answer/json.ts";
import { answerOf } from "./exchange-answer.ts";
import { isGenerationRequest, type Exchange } from "./exchange.ts";

/**
 * Why the agent did not get a whole answer to a model request, as it follows "the request"; null when it did, also where
 * one side left after the end of it. The engine or what stands in front of it has failed then, whatever the agent program
 * made of it.
 */
export function generationFault(exchange: Exchange): string | null {
  const { outcome, error, status } = exchange;
  if (!isGenerationRequest(exchange)) return null;
  if (status === null) return `got no answer: ${error ?? outcome}`;
  if (status !== 200)
    return `was answered with status ${status}: ${shown(exchange.responseBody.trim()) || "(empty body)"}`;
  const answer = answerOf(exchange);
  const why = whyUnusable(answer);
  if (why === null) {
    return callIsLost(answer)
      ? `got an answer with finish reason ${answer.finish} and without a call: the server's parser lost it`
      : null;
  }
  if (outcome === "client-aborted") return "was left by the agent before its answer was at its end";
  const cut = outcome === "completed" ? "" : ` (the connection broke: ${error ?? outcome})`;
  return `got an answer that ${why}${cut}`;
}

/**
 * Whether the server refused a request for what was in it, e.g. a conversation longer than the context. Nothing was
 * generated and nothing is broken: what that means, the agent says.
 */
export function isRefusal({ status }: Pick<Exchange, "status">): boolean {
  return status === 400 || status === 413 || status === 422;
}
