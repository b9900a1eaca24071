import type { Dispatcher } from "undici";
import { readAnswer } from "../../../bench/answer/read-answer.ts";
import { askJudge, type JudgeEndpoint } from "../../../bench/judge/ask-judge.ts";
import type { JudgeEntry, Task, Tau2Message } from "../contract/domain.ts";
import { JudgeAnswerError, parseJudgeAnswer } from "./judge-answer.ts";
import { judgeUserPrompt } from "./judge-prompt.ts";

export interface JudgeRequest {
  /** tau2 hard-wires `gpt-4.1-2025-04-14`; any OpenAI-compatible endpoint will do here. */
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

/** Whether tau2 would call the judge for this task. */
export function needsJudge(task: Pick<Task, "rewardBasis" | "nlAssertions">): boolean {
  return task.rewardBasis.includes("NL_ASSERTION") && task.nlAssertions.length > 0;
}

/**
 * Asks the judge about one episode. Throws `JudgeRequestError` or `JudgeAnswerError` when there is no usable answer,
 * and the signal's reason when it aborts: never a made-up verdict.
 */
export async function judgeEpisode(request: JudgeRequest): Promise<JudgeVerdict> {
  const { endpoint, systemPrompt, task, messages, timeoutMs, attempts, retryDelayMs, signal, dispatcher } =
    request;
  const body = await askJudge({
    endpoint,
    system: systemPrompt,
    user: judgeUserPrompt(messages, task.nlAssertions),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(attempts !== undefined && { attempts }),
    ...(retryDelayMs !== undefined && { retryDelayMs }),
    ...(signal !== undefined && { signal }),
    ...(dispatcher !== undefined && { dispatcher }),
  });
  const answer = contentOf(body);
  const entries = parseJudgeAnswer(answer, { lenient: request.lenient ?? false });
  return {
    entries,
    met: entries.every(({ met }) => met),
    complete: entries.length === request.task.nlAssertions.length,
    answer,
  };
}

function contentOf(body: string): string {
  const { begun, text } = readAnswer(body);
  if (!begun) throw new JudgeAnswerError(body, "is no chat completion");
  if (text === "") throw new JudgeAnswerError(body, "has no content");
  return text;
}
