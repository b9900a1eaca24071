import { setTimeout as sleep } from "node:timers/promises";
import { request as send, type Dispatcher } from "undici";
import { readAnswer } from "../../../bench/answer/read-answer.ts";
import { messageOf, TollgateError } from "../../../bench/errors.ts";
import { boundedText, modelAnswerBytesMax } from "../../../bench/host/bounded-body.ts";
import type { JudgeEntry, Task, Tau2Message } from "../contract/domain.ts";
import { JudgeAnswerError, parseJudgeAnswer } from "./judge-answer.ts";
import { judgeUserPrompt } from "./judge-prompt.ts";

/** The model that judges. tau2 hard-wires `gpt-4.1-2025-04-14`; any OpenAI-compatible endpoint will do here. */
export interface JudgeEndpoint {
  /** Up to and including `/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  readonly apiKey: string | null;
}

export interface JudgeRequest {
  readonly endpoint: JudgeEndpoint;
  readonly systemPrompt: string;
  readonly task: Pick<Task, "nlAssertions">;
  readonly messages: readonly Tau2Message[];
  /** Takes a code fence off the answer, which tau2 does not. */
  readonly lenient?: boolean;
  /** Per attempt; default 120,000. */
  readonly timeoutMs?: number;
  /** Default 4, as tau2's. Only failures of the connection and the statuses 408, 429 and 5xx are tried again. */
  readonly attempts?: number;
  /** Before the second attempt, doubled for each further one; default 1,000. */
  readonly retryDelayMs?: number;
  readonly signal?: AbortSignal;
  readonly dispatcher?: Dispatcher;
}

export interface JudgeVerdict {
  readonly entries: readonly JudgeEntry[];
  /** All entries are met. True without entries, as in tau2; see `complete`. */
  readonly met: boolean;
  /** One entry for each assertion. tau2 does not ask for that, so an answer that is too short is worth a warning. */
  readonly complete: boolean;
  readonly answer: string;
}

/** The judge's endpoint gave no answer. The episode stays unjudged. */
export class JudgeRequestError extends TollgateError {
  readonly code = "TOLLGATE_JUDGE_REQUEST";
  readonly url: string;
  /** HTTP status; null when there was no response. */
  readonly status: number | null;

  constructor(
    facts: { readonly url: string; readonly status: number | null; readonly problem: string },
    options?: { readonly cause?: unknown },
  ) {
    super(
      `The judge at ${facts.url} ${facts.problem}. The episode stays unjudged; run the judge again.`,
      options,
    );
    this.url = facts.url;
    this.status = facts.status;
  }
}

const DEFAULTS = { timeoutMs: 120_000, attempts: 4, retryDelayMs: 1_000 };
const SHOWN_BODY = 300;
/** Whether tau2 would call the judge for this task. */
export function needsJudge(task: Pick<Task, "rewardBasis" | "nlAssertions">): boolean {
  return task.rewardBasis.includes("NL_ASSERTION") && task.nlAssertions.length > 0;
}

/**
 * Asks the judge about one episode. Throws `JudgeRequestError` or `JudgeAnswerError` when there is no usable answer,
 * and the signal's reason when it aborts: never a made-up verdict.
 */
export async function judgeEpisode(request: JudgeRequest): Promise<JudgeVerdict> {
  const answer = await askPatiently(request);
  const entries = parseJudgeAnswer(answer, { lenient: request.lenient ?? false });
  return {
    entries,
    met: entries.every(({ met }) => met),
    complete: entries.length === request.task.nlAssertions.length,
    answer,
  };
}

async function askPatiently(request: JudgeRequest): Promise<string> {
  const { attempts = DEFAULTS.attempts, retryDelayMs = DEFAULTS.retryDelayMs, signal } = request;
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(request);
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

async function ask(request: JudgeRequest): Promise<string> {
  const {
    endpoint,
    systemPrompt,
    task,
    messages,
    signal,
    dispatcher,
    timeoutMs = DEFAULTS.timeoutMs,
  } = request;
  const url = `${endpoint.baseUrl.replace(/\/+$/u, "")}/chat/completions`;
  const deadline = AbortSignal.timeout(timeoutMs);
  const body = {
    model: endpoint.model,
    messages: [
      { role: "system", content: systemPrompt },
      { role: "user", content: judgeUserPrompt(messages, task.nlAssertions) },
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
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      ...(dispatcher === undefined ? {} : { dispatcher }),
    });
    status = response.statusCode;
    text = await boundedText(response.body, modelAnswerBytesMax);
  } catch (cause) {
    const problem = deadline.aborted
      ? `did not answer within ${timeoutMs} ms`
      : `failed: ${messageOf(cause)}`;
    throw new JudgeRequestError({ url, status: null, problem }, { cause });
  }
  if (status !== 200) {
    const problem = `answered with status ${status}: ${text.slice(0, SHOWN_BODY)}`;
    throw new JudgeRequestError({ url, status, problem });
  }
  return contentOf(text);
}

function contentOf(body: string): string {
  const { begun, text } = readAnswer(body);
  if (!begun) throw new JudgeAnswerError(body, "is no chat completion");
  if (text === "") throw new JudgeAnswerError(body, "has no content");
  return text;
}
