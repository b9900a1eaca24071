import { setTimeout as sleep } from "node:timers/promises";
import { request as send, type Dispatcher } from "undici";
import { messageOf, TollgateError } from "../errors.ts";
import { boundedText, modelAnswerBytesMax } from "../host/bounded-body.ts";
import { Deadline } from "../measure/deadline.ts";

/** A model that judges: any OpenAI-compatible endpoint. */
export interface JudgeEndpoint {
  /** Up to and including `/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKey: string | null;
}

export interface JudgeQuestion {
  readonly endpoint: JudgeEndpoint;
  readonly system: string;
  readonly user: string;
  /** Per attempt; default 120,000. */
  readonly timeoutMs?: number;
  /** Default 4, as tau2's. Only failures of the connection and the statuses 408, 429 and 5xx are tried again. */
  readonly attempts?: number;
  /** Before the second attempt, doubled for each further one; default 1,000. */
  readonly retryDelayMs?: number;
  readonly signal?: AbortSignal;
  readonly dispatcher?: Dispatcher;
}

/** The judge's endpoint gave no answer. */
export class JudgeRequestError extends TollgateError {
  readonly code = "TOLLGATE_JUDGE_REQUEST";
  readonly url: string;
  /** HTTP status; null when there was no response. */
  readonly status: number | null;

  constructor(
    facts: { readonly url: string; readonly status: number | null; readonly problem: string },
    options?: { readonly cause?: unknown },
  ) {
    super(`The judge at ${facts.url} ${facts.problem}. Nothing was judged; run the judge again.`, options);
    this.url = facts.url;
    this.status = facts.status;
  }
}

const DEFAULTS = { timeoutMs: 120_000, attempts: 4, retryDelayMs: 1_000 };
const SHOWN_BODY = 300;

/**
 * The body of the judge's answer, not yet read. Throws `JudgeRequestError` when there is none, and the signal's reason
 * when it aborts.
 */
export async function askJudge(question: JudgeQuestion): Promise<string> {
  const { attempts = DEFAULTS.attempts, retryDelayMs = DEFAULTS.retryDelayMs, signal } = question;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(question);
    } catch (error) {
      signal?.throwIfAborted();
      if (attempt >= attempts || !(error instanceof JudgeRequestError) || !isTransient(error.status))
        throw error;
      await sleep(retryDelayMs * 2 ** (attempt - 1), undefined, signal === undefined ? {} : { signal });
    }
  }
}

function isTransient(status: number | null): boolean {
  return status === null || status === 408 || status === 429 || status >= 500;
}

async function ask(question: JudgeQuestion): Promise<string> {
  const { endpoint, system, user, signal, dispatcher, timeoutMs = DEFAULTS.timeoutMs } = question;
  const url = `${endpoint.baseUrl.replace(/\/+$/u, "")}/chat/completions`;
  using deadline = new Deadline(timeoutMs, ...(signal === undefined ? [] : [signal]));
  const body = {
    model: endpoint.model,
    messages: [
      { role: "system", content: system },
      { role: "user", content: user },
    ],
    temperature: 0,
  };
  let status: number;
  let text: string;
  try {
    const response = await send(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(endpoint.apiKey === null ? {} : { authorization: `Bearer ${endpoint.apiKey}` }),
      },
      body: JSON.stringify(body),
      signal: deadline.signal,
      ...(dispatcher === undefined ? {} : { dispatcher }),
    });
    status = response.statusCode;
    text = await boundedText(response.body, modelAnswerBytesMax);
  } catch (cause) {
    const problem = deadline.over ? `did not answer within ${timeoutMs} ms` : `failed: ${messageOf(cause)}`;
    throw new JudgeRequestError({ url, status: null, problem }, { cause });
  }
  if (status !== 200) {
    const problem = `answered with status ${status}: ${withoutKey(text, endpoint).slice(0, SHOWN_BODY)}`;
    throw new JudgeRequestError({ url, status, problem });
  }
  return text;
}

/** Servers that refuse a key tend to quote it. */
function withoutKey(text: string, { apiKey }: JudgeEndpoint): string {
  return apiKey === null || apiKey === "" ? text : text.replaceAll(apiKey, "<key>");
}
