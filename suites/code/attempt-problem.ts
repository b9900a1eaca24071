import type { AgentDriver } from "../../bench/agent/agent.ts";
import { samplingFields } from "../../bench/agent/sampling.ts";
import { readTurn } from "../../bench/agent/transcript/read-turn.ts";
import type { SandboxFactory } from "../../bench/sandbox/sandbox.ts";
import { endedAtLimit } from "../../bench/answer/complete.ts";
import { answerOf } from "../../bench/workload/exchange-answer.ts";
import { isGenerationRequest, type Exchange } from "../../bench/workload/exchange.ts";
import { noAnswerLabel, cutAnswer, type SampleLine, samplesFile } from "../../bench/workload/sample-line.ts";
import { abortedByNobody } from "../../bench/workload/turn-failure.ts";
import { UsageSum } from "../../bench/workload/usage-sum.ts";
import type {
  AttemptContext,
  EpisodeFacts,
  EpisodeResult,
  EpisodeTask,
  Scores,
} from "../../bench/workload/workload.ts";
import type { JudgedAnswer } from "./contract/judged.ts";
import type { LoadedProblem } from "./contract/problem.ts";
import type { CodeExperiment } from "./contract/section.ts";
import type { ProgramLimits } from "./execution/limits.ts";
import { judgeAnswer, type Said } from "./judging/judge-answer.ts";
import { scoresOf } from "./judging/scores.ts";

/** What every attempt of a run uses. */
export interface CodeParts {
  readonly experiment: CodeExperiment;
  readonly driver: AgentDriver;
  readonly sandboxes: SandboxFactory;
  /** Absolute; has a fresh folder for each program. */
  readonly workspaces: string;
  readonly limits: ProgramLimits;
  /** With what programs were run, for the line of a sample. */
  readonly facts: Readonly<Record<string, unknown>>;
}

interface Attempted {
  readonly episode: EpisodeTask;
  readonly attempt: AttemptContext;
}

const system = "You are a careful assistant. Answer exactly as you are asked.";

/** One sample: the model is asked once, what it says is judged, and both are written down. */
export async function attemptProblem(
  parts: CodeParts,
  loaded: LoadedProblem,
  attempted: Attempted,
): Promise<EpisodeResult> {
  const { attempt } = attempted;
  const { turn, read, exchanges } = await askModel(parts, loaded, attempted);
  const said = saidIn(exchanges);
  const facts = factsOf(loaded, { status: turn.status, read, said });
  if (attempt.signal.aborted) return { ...facts, status: "cancelled" };
  if (turn.status === "aborted") return { ...facts, status: "failed", failure: abortedByNobody };
  if (read.failure !== null) return { ...facts, status: "failed", failure: read.failure };
  const judged = await judgeAnswer(loaded.problem, said, {
    sandboxes: parts.sandboxes,
    workspaces: parts.workspaces,
    name: attempt.attemptKey,
    limits: parts.limits,
    signal: attempt.signal,
  });
  if (attempt.signal.aborted) return { ...facts, status: "cancelled" };
  const scores = scoresOf(judged, loaded.problem);
  await attempt.evidence.append(
    samplesFile,
    sampleOf(attempted, { said, judged, scores, facts: parts.facts }),
  );
  if (judged.verdict === "sandbox-fault") {
    const message = `the program of problem ${loaded.problem.id} could not be judged: ${judged.message ?? "the sandbox failed"}`;
    return { ...facts, status: "failed", failure: { class: "harness", message } };
  }
  const labels = judged.answer === null ? [...facts.labels, noAnswerLabel] : facts.labels;
  const ended = { ...facts, labels, scores };
  if (turn.status === "timed-out") return { ...ended, status: "timed-out", afterMs: turn.afterMs };
  return { ...ended, status: "completed" };
}

async function askModel(
  { driver, experiment: { limits, sampling } }: CodeParts,
  { ask }: LoadedProblem,
  { episode, attempt }: Attempted,
) {
  await using session = await driver.openSession({
    ...attempt,
    endpoint: attempt.agent,
    sampling: samplingFields(sampling, episode.seed),
    system,
    tools: "[]",
    greeting: null,
    acceptsArguments: () => false,
    turnTimeoutMs: Math.min(limits.turnSeconds, limits.episodeSeconds) * 1000,
  });
  const turn = await session.turn(ask, attempt.signal);
  const exchanges = await attempt.takeExchanges();
  return { turn, exchanges, read: readTurn(turn, exchanges, []) };
}

/** As the tap saw it: an agent may shorten what it passes on. */
function saidIn(exchanges: readonly Exchange[]): Said {
  const last = exchanges.findLast((exchange) => isGenerationRequest(exchange) && exchange.status === 200);
  if (last === undefined) return { text: "", finishReason: null };
  const { text, finish } = answerOf(last);
  return { text, finishReason: finish };
}

function factsOf(
  { ask }: LoadedProblem,
  {
    status,
    read,
    said,
  }: { readonly status: string; readonly read: ReturnType<typeof readTurn>; readonly said: Said },
): EpisodeFacts {
  const asked = { role: "user", content: ask, toolCalls: null, requestId: null, usage: null } as const;
  const cut = endedAtLimit(said.finishReason);
  return {
    termination: status,
    terminationDetail: read.detail,
    steps: 1 + read.messages.length,
    toolCalls: 0,
    toolErrors: 0,
    labels: cut ? [...read.labels, cutAnswer] : read.labels,
    userUsage: new UsageSum().total(),
    transcript: { system, tools: "[]", messages: [asked, ...read.messages] },
  };
}

interface Sampled {
  readonly said: Said;
  readonly judged: JudgedAnswer;
  readonly scores: Scores;
  readonly facts: CodeParts["facts"];
}

function sampleOf({ episode, attempt }: Attempted, { said, judged, scores, facts }: Sampled): SampleLine {
  const { answer, answerRule, verdict, passed, message, ranToEnd, tests, stderr, durationMs } = judged;
  return {
    attemptKey: attempt.attemptKey,
    episodeId: attempt.episodeId,
    taskId: episode.taskId,
    trial: episode.trial,
    finishReason: said.finishReason,
    text: said.text,
    answer,
    answerRule,
    verdict,
    passed,
    scores: scores.map(({ name, value, passed: pass }) => ({ name, value, passed: pass })),
    details: {
      group: episode.facts.domain,
      seed: episode.seed,
      message,
      ranToEnd,
      tests,
      stderr,
      durationMs,
      ...facts,
      ...judged.facts,
    },
  };
}
