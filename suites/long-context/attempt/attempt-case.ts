import { createHash } from "node:crypto";
import { endedAtLimit } from "../../../bench/answer/complete.ts";
import type { AgentDriver } from "../../../bench/agent/agent.ts";
import { samplingFields } from "../../../bench/agent/sampling.ts";
import { readTurn } from "../../../bench/agent/transcript/read-turn.ts";
import { answerOf } from "../../../bench/workload/exchange-answer.ts";
import type { Exchange } from "../../../bench/workload/exchange.ts";
import {
  cutAnswer,
  noAnswerLabel,
  samplesFile,
  type SampleLine,
} from "../../../bench/workload/sample-line.ts";
import { abortedByNobody } from "../../../bench/workload/turn-failure.ts";
import { UsageSum } from "../../../bench/workload/usage-sum.ts";
import type { AttemptContext, EpisodeResult, Scores } from "../../../bench/workload/workload.ts";
import { judgeAnswer, type JudgedLong } from "../answer/judge-answer.ts";
import type { LongCase } from "../contract/cases.ts";
import type { TokenCounter } from "../counting/counter.ts";
import { materials } from "../material/materials.ts";
import type { LongContextExperiment } from "../contract/section.ts";
import { systemMessage } from "../contract/system-message.ts";
import { checkTokens, type PromptCheck } from "./check-tokens.ts";
import type { StoredPrompt } from "../prompt/stored-prompts.ts";

export interface CaseParts {
  readonly experiment: LongContextExperiment;
  readonly agent: AgentDriver;
  readonly counted: Pick<TokenCounter, "way" | "about">;
}

interface Asked {
  readonly one: LongCase;
  readonly prompt: StoredPrompt;
  readonly attempt: AttemptContext;
}

/** One prompt, one answer. */
export async function attemptCase(parts: CaseParts, asked: Asked): Promise<EpisodeResult> {
  const { limits, sampling } = parts.experiment;
  const { one, prompt, attempt } = asked;
  await using session = await parts.agent.openSession({
    ...attempt,
    endpoint: attempt.agent,
    sampling: samplingFields(sampling, one.seed),
    system: systemMessage,
    tools: "[]",
    greeting: null,
    acceptsArguments: () => false,
    turnTimeoutMs: Math.min(limits.turnSeconds, limits.episodeSeconds) * 1000,
  });
  const turn = await session.turn(prompt.text, attempt.signal);
  const exchanges = await attempt.takeExchanges();
  const { detail, failure, labels, messages } = readTurn(turn, exchanges, []);
  const last = exchanges.at(-1);
  const tokens = checkTokens(prompt.tokens, last);
  const finishReason = last === undefined ? null : answerOf(last).finish;
  const user = { role: "user", content: prompt.text, toolCalls: null, requestId: null, usage: null } as const;
  const facts = {
    termination: turn.status,
    terminationDetail: detail,
    steps: 1 + messages.length,
    toolCalls: 0,
    toolErrors: 0,
    labels: [...labels, ...tokens.labels, ...(endedAtLimit(finishReason) ? [cutAnswer] : [])],
    userUsage: new UsageSum().total(),
    transcript: { system: systemMessage, tools: "[]", messages: [user, ...messages] },
  };
  if (attempt.signal.aborted) return { ...facts, status: "cancelled" };
  if (turn.status === "aborted") return { ...facts, status: "failed", failure: abortedByNobody };
  if (failure !== null) return { ...facts, status: "failed", failure };
  const { expected } = materials[one.kind].question(one.question);
  const text = turn.status === "answered" ? turn.text : "";
  const judged = judgeAnswer({ kind: one.kind, expected }, { text, finishReason });
  const timedOut = turn.status === "timed-out";
  await attempt.evidence.append(
    samplesFile,
    sampleOf(asked, { parts, judged, tokens, last, text, finishReason, timedOut, expected }),
  );
  const scores = scoresOf(judged, expected);
  const noAnswer = judged.answer === null ? [noAnswerLabel] : [];
  const ended = { ...facts, labels: [...facts.labels, ...noAnswer], scores };
  if (timedOut) return { ...ended, status: "timed-out", afterMs: turn.afterMs };
  return { ...ended, status: "completed" };
}

function scoresOf({ passed, found, verdict, rule }: JudgedLong, expected: readonly string[]): Scores {
  const details = { expected, verdict, rule };
  return [
    { name: "correct", value: passed ? 1 : 0, passed, parts: ["ANSWER"], details },
    { name: "found", value: found, passed: found === 1, parts: ["ANSWER"], details },
  ];
}

function sampleOf(
  { one, prompt, attempt }: Asked,
  seen: {
    readonly parts: CaseParts;
    readonly judged: JudgedLong;
    readonly tokens: PromptCheck;
    readonly last: Exchange | undefined;
    readonly text: string;
    readonly finishReason: string | null;
    readonly timedOut: boolean;
    readonly expected: readonly string[];
  },
): SampleLine {
  const { judged, tokens, last, expected } = seen;
  const { kind, length, depth, question } = one;
  return {
    attemptKey: attempt.attemptKey,
    episodeId: attempt.episodeId,
    taskId: one.taskId,
    trial: one.trial,
    finishReason: seen.finishReason,
    text: seen.text,
    answer: judged.answer,
    answerRule: judged.answer === null ? null : judged.rule,
    verdict: seen.timedOut ? "timeout" : judged.verdict,
    passed: judged.passed,
    scores: scoresOf(judged, expected).map(({ name, value, passed }) => ({ name, value, passed })),
    details: {
      kind,
      length,
      depth,
      question,
      expected,
      promptSha256: createHash("sha256").update(prompt.text).digest("hex"),
      promptTokens: {
        counted: prompt.tokens,
        countedBy: seen.parts.counted.way,
        seen: last?.usage?.promptTokens ?? null,
        cached: last?.usage?.cachedTokens ?? null,
        check: tokens.check,
      },
      ttftMs: last?.firstTokenNs == null ? null : (last.firstTokenNs - last.startedNs) / 1e6,
    },
  };
}
