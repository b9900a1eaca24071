import { request } from "undici";
import type { Answer } from "../answer/answer.ts";
import { whyUnusable } from "../answer/complete.ts";
import { readAnswer } from "../answer/read-answer.ts";
import { messageOf } from "../errors.ts";
import { boundedText, modelAnswerBytesMax } from "../host/bounded-body.ts";
import { shortened } from "../stack/ask-server.ts";
import { Deadline } from "../measure/deadline.ts";

/** One of the two servers, as it is asked. */
export interface TaxServer {
  /** Without /v1. */
  readonly url: string;
  readonly apiKey: string;
}

export interface ChatReply {
  /** null where no answer came at all. */
  readonly status: number | null;
  readonly text: string;
  readonly answer: Answer;
  readonly ms: number;
  /** Why it is no whole answer, as it follows "it gave"; null when it is one. */
  readonly problem: string | null;
}

/** Sends one chat request, without any tap, and reads the whole answer. Never throws for a server that does badly. */
export async function askChat(
  { url, apiKey }: TaxServer,
  body: object,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<ChatReply> {
  using deadline = new Deadline(timeoutMs, signal);
  const startedMs = performance.now();
  const reply = (status: number | null, text: string, problem: string | null): ChatReply => ({
    status,
    text,
    answer: readAnswer(text),
    ms: performance.now() - startedMs,
    problem,
  });
  try {
    const response = await request(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${apiKey}` },
      body: JSON.stringify(body),
      signal: deadline.signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const { statusCode: status } = response;
    const text = await boundedText(response.body, modelAnswerBytesMax);
    if (status !== 200) return reply(status, text, `status ${status}: ${shortened(text)}`);
    const why = whyUnusable(readAnswer(text));
    return reply(status, text, why === null ? null : `an answer that ${why}`);
  } catch (cause) {
    if (signal.aborted) throw cause;
    const why = deadline.over
      ? `no whole answer within ${(timeoutMs / 1000).toFixed(0)} s`
      : `no answer: ${messageOf(cause)}`;
    return reply(null, "", why);
  }
}
