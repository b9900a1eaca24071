import type { Answer } from "../answer/answer.ts";
import { readAnswer } from "../answer/read-answer.ts";
import type { Exchange } from "./exchange.ts";

const answers = new WeakMap<Exchange, Answer>();

/** What the answer of an exchange says. It is read once, whoever asks. */
export function answerOf(exchange: Exchange): Answer {
  const known = answers.get(exchange);
  if (known !== undefined) return known;
  const answer = readAnswer(exchange.responseBody);
  answers.set(exchange, answer);
  return answer;
}
