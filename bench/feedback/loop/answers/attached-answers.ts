import { request } from "undici";
import { whyUnusable } from "../../../answer/complete.ts";
import { readAnswer } from "../../../answer/read-answer.ts";
import { messageOf } from "../../../errors.ts";
import { boundedText, modelAnswerBytesMax } from "../../../host/bounded-body.ts";
import { secretsRemover } from "../../../host/secret-words.ts";
import { Deadline } from "../../../measure/deadline.ts";
import { TrainerError } from "../../trainer/trainer-error.ts";
import { answerMs, answerTokensMax, type Answers } from "./answers.ts";

export interface AttachedOpenClaw {
  /** Without /v1. */
  readonly url: string;
  readonly token: string;
}

/** An OpenClaw that runs already, by its chat endpoint: it brings its own system prompt, and leads to the trainer by itself. */
export function attachedAnswers({ url, token }: AttachedOpenClaw): Answers {
  return {
    systemPrompt: null,
    answer: async ({ prompt, temperature, maxTokens = answerTokensMax }, signal) => {
      using deadline = new Deadline(answerMs, signal);
      const body = {
        model: "openclaw",
        messages: [{ role: "user", content: prompt }],
        temperature,
        max_tokens: maxTokens,
      };
      const { status, text } = await posted(url, { token, body, deadline });
      if (status !== 200)
        throw new TrainerError(`OpenClaw at ${url} answered with status ${status}: ${text.slice(0, 2000)}`, {
          status,
          body: text,
        });
      const answer = readAnswer(text);
      const problem = whyUnusable(answer);
      if (problem !== null)
        throw new TrainerError(`OpenClaw at ${url} gave an answer that ${problem}`, { status, body: text });
      return { text: answer.text, finishReason: answer.finish };
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function posted(
  url: string,
  { token, body, deadline }: { readonly token: string; readonly body: object; readonly deadline: Deadline },
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const response = await request(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
      signal: deadline.signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const text = await boundedText(response.body, modelAnswerBytesMax);
    return { status: response.statusCode, text: secretsRemover([token])(text) };
  } catch (cause) {
    const why = deadline.over ? `no answer within ${answerMs / 1000} s` : messageOf(cause);
    throw new TrainerError(
      `OpenClaw at ${url} gave no answer: ${why}`,
      { status: null, body: null },
      { cause },
    );
  }
}
