import { askJudge, JudgeRequestError, type JudgeEndpoint } from "../../../bench/judge/ask-judge.ts";
import { readJudgement, type JudgedNumbers } from "../../../bench/judge/read-judgement.ts";
import { judgeSystem, judgeTopics, userText, type JudgeTopic } from "./judge-questions.ts";
import type { Observation, TaskJudgement } from "../contract/observation.ts";

/** The judge of a run. */
export interface TaskJudge extends JudgeEndpoint {
  /** Per request; default 120,000. */
  readonly timeoutMs?: number;
  /** Whether ClawBench's score takes the judge in; by default its judge only gives advice. */
  readonly affectsScore?: boolean;
  readonly retryDelayMs?: number;
}

export interface AttemptJudgeRequest {
  /** As it is before a judge was asked. */
  readonly observation: Observation;
  /** The workspace on this machine, as the agent left it. */
  readonly hostDirectory: string;
  readonly judge: TaskJudge;
  readonly signal: AbortSignal;
}

export type JudgedParts = Pick<Observation, "judgements" | "unjudged">;

const ATTEMPTS = 3;

/**
 * Asks the judge what rules cannot say of an attempt. A part for which there is no usable answer stays without one, with the
 * reason; never throws for what a judge does.
 */
export async function judgeAttempt(request: AttemptJudgeRequest): Promise<JudgedParts> {
  const topics = await judgeTopics(request.observation, request.hostDirectory);
  const answers = await Promise.all(topics.map((topic) => answerTo(topic, request)));
  const judgements: Record<string, TaskJudgement> = {};
  const unjudged: Record<string, string> = {};
  for (const { key, answer } of answers) {
    if (typeof answer === "string") unjudged[key] = answer;
    else judgements[key] = answer;
  }
  return { judgements, unjudged };
}

interface Answered {
  readonly key: string;
  /** A text: why there is no judgement. */
  readonly answer: TaskJudgement | string;
}

async function answerTo(topic: JudgeTopic, { judge, signal }: AttemptJudgeRequest): Promise<Answered> {
  const { key, wanted } = topic;
  const { timeoutMs, retryDelayMs, affectsScore = false, ...endpoint } = judge;
  try {
    const body = await askJudge({
      endpoint,
      system: judgeSystem,
      user: userText(topic),
      attempts: ATTEMPTS,
      signal,
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(retryDelayMs !== undefined && { retryDelayMs }),
    });
    const read = readJudgement(body, wanted);
    if (read.status === "unusable") return { key, answer: read.why };
    const counts = key !== "clawbench" || affectsScore;
    return { key, answer: judgementOf(topic, read.value, { model: judge.model, counts }) };
  } catch (error) {
    if (!(error instanceof JudgeRequestError)) throw error;
    return { key, answer: error.message };
  }
}

function judgementOf(
  { key, wanted }: JudgeTopic,
  { numbers, reason }: JudgedNumbers,
  facts: Pick<TaskJudgement, "model" | "counts">,
): TaskJudgement {
  // Of ClawBench's two numbers only one is a score; the other says how sure the judge is.
  const scored = key === "clawbench" ? wanted.slice(0, 1) : wanted;
  const earned = scored.reduce((sum, { name }) => sum + (numbers[name] ?? 0), 0);
  const possible = scored.reduce((sum, { max }) => sum + max, 0);
  return { score: (100 * earned) / possible, parts: numbers, reason, ...facts };
}
