import { truncate } from "node:fs/promises";
import { join } from "node:path";
import type { Tau2Section } from "../section.ts";
import { withoutApiPath } from "../../bench/config/base-url.ts";
import { ConfigError, type TollgateError } from "../../bench/errors.ts";
import { JudgeRequestError, type JudgeEndpoint } from "../../bench/judge/ask-judge.ts";
import { AppendFile } from "../../bench/store/append-file.ts";
import { DriverLock } from "../../bench/store/driver-lock.ts";
import {
  judgementOf,
  judgementSchema,
  judgementsPath,
  readJudgements,
  type Judgement,
  type Judgements,
} from "../../bench/store/judgements.ts";
import { finishedEpisodes } from "../../bench/store/progress.ts";
import { exists, readRun, readTrajectories } from "../../bench/store/read-run.ts";
import type { EpisodeRecord, Trajectory } from "../../bench/store/record.ts";
import { storing } from "../../bench/store/storage-error.ts";
import { domainOptions } from "../domain-options.ts";
import type { LoadedDomain, Task } from "../tau2/contract/domain.ts";
import { EvaluationError, evaluate } from "../tau2/evaluation/evaluate.ts";
import { JudgeAnswerError } from "../tau2/judging/judge-answer.ts";
import { readJudgeSystemPrompt } from "../tau2/judging/judge-prompt.ts";
import { judgeEpisode, needsJudge } from "../tau2/judging/judge.ts";
import { tau2Messages } from "../transcript/tau2-messages.ts";
import { storedDomain } from "./stored-domain.ts";

export interface JudgeOptions {
  /** null: the run's own `workload.judge`. Base URL with or without `/v1`. */
  readonly endpoint: { readonly url: string; readonly model: string; readonly apiKeyEnv?: string } | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Takes a code fence off the judge's answer, which tau2 does not. */
  readonly lenient: boolean;
  /** Requests in flight. */
  readonly concurrency: number;
  /** Judges again what has a judgement. */
  readonly redo: boolean;
  readonly pid: number;
  readonly wallIso: () => string;
  readonly progress: (line: string) => void;
  /** Before the second attempt of a request; see `JudgeRequest`. */
  readonly retryDelayMs?: number;
}

export interface RunJudgement {
  /** Finished episodes whose reward waits for a judge. */
  readonly needed: number;
  /** Of these: judged now, and before. */
  readonly judged: number;
  readonly judgedBefore: number;
  /** Judged now, with fewer or more entries than assertions. */
  readonly incomplete: readonly string[];
  readonly unjudged: readonly {
    readonly episodeId: string;
    readonly taskId: string;
    readonly message: string;
  }[];
}

interface JudgeWork {
  readonly domain: LoadedDomain;
  readonly endpoint: JudgeEndpoint;
  readonly systemPrompt: string;
  readonly options: JudgeOptions;
}

/**
 * Asks the judge about every finished episode of a run that waits for one, evaluates its stored trajectory again with the
 * answer, and appends the result to `judgements.jsonl`. Nothing else of the run changes. Holds the driver's lock: a judge
 * on the same machine would disturb a measured window, and a resumed run must not begin beside it.
 * @throws {RunUnreadableError} while the run's driver is alive, or when run or data are damaged or changed.
 * @throws {ConfigError} without an endpoint or a system prompt for the judge.
 */
export async function judgeRun(directory: string, options: JudgeOptions): Promise<RunJudgement> {
  await using _lock = await DriverLock.acquire(directory, options.pid);
  const run = await readRun(directory);
  const { workload, domain } = storedDomain(run.identity, options.environment);
  const { judgements, endByte } = await readJudgements(directory);
  const waiting = new Map([...finishedEpisodes(run.records)].filter(isWaitingIn(domain)));
  const open = [...waiting].filter(([, record]) => options.redo || judgementOf(record, judgements) === null);
  if (open.length === 0) return resultOf(waiting, judgements, []);
  const work: JudgeWork = {
    domain,
    endpoint: endpointOf(workload, options),
    systemPrompt: systemPromptOf(workload),
    options,
  };
  const path = judgementsPath(directory);
  // What a killed judge left behind its last whole line.
  if (await exists(path)) await storing(path, "Cannot truncate", () => truncate(path, endByte));
  await using file = await AppendFile.open(path);
  const outcomes = await judgeAll(work, pendingOf(directory, { open: new Map(open), domain }), file);
  return resultOf(waiting, judgements, outcomes);
}

const isWaitingIn =
  ({ tasks }: LoadedDomain) =>
  ([, record]: readonly [string, EpisodeRecord]): boolean => {
    const task = tasks.find(({ id }) => id === record.taskId);
    return record.status !== "failed" && record.reward === null && task !== undefined && needsJudge(task);
  };

function endpointOf(workload: Tau2Section, { endpoint, environment }: JudgeOptions): JudgeEndpoint {
  const chosen = endpoint ?? workload.judge;
  if (chosen === undefined) {
    throw new ConfigError(
      "No judge is known: the experiment has no workload.judge. Give --url and --model of an OpenAI-compatible server.",
    );
  }
  const { url, model, apiKeyEnv } = chosen;
  const apiKey = apiKeyEnv === undefined ? null : environment[apiKeyEnv];
  if (apiKey === undefined) throw new ConfigError(`The judge's API key: ${apiKeyEnv} is not set. Export it.`);
  return { baseUrl: `${withoutApiPath(url)}/v1`, model, apiKey };
}

function systemPromptOf(workload: Tau2Section): string {
  const { dataDirectory, schemasDirectory, checkout } = domainOptions(workload);
  return readJudgeSystemPrompt({
    checkoutDirectory: checkout ?? null,
    promptsFile: join(schemasDirectory ?? join(dataDirectory, "tau2"), "judge_prompts.json"),
  });
}

interface Pending {
  readonly record: EpisodeRecord;
  readonly task: Task;
  readonly trajectory: Trajectory;
}

async function* pendingOf(
  directory: string,
  { open, domain }: { readonly open: ReadonlyMap<string, EpisodeRecord>; readonly domain: LoadedDomain },
): AsyncGenerator<Pending> {
  const tasks = new Map(domain.tasks.map((task) => [task.id, task]));
  for await (const { trajectory } of readTrajectories(directory)) {
    const record = open.get(trajectory.episodeId);
    const task = tasks.get(trajectory.taskId);
    if (record?.attemptKey === trajectory.attemptKey && record && task) yield { record, task, trajectory };
  }
}

type Outcome = Judgement | RunJudgement["unjudged"][number];

/** Several readers of one generator: it hands each of them the next episode in turn, so memory stays bounded. */
async function judgeAll(
  work: JudgeWork,
  pending: AsyncGenerator<Pending>,
  file: AppendFile,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  let written = Promise.resolve();
  const reader = async () => {
    for (let next = await pending.next(); next.done !== true; next = await pending.next()) {
      const outcome = await outcomeOf(work, next.value);
      outcomes.push(outcome);
      if ("message" in outcome) {
        work.options.progress(`${outcome.episodeId} task ${outcome.taskId}: ${outcome.message}`);
        continue;
      }
      const line = JSON.stringify(judgementSchema.parse(outcome));
      written = written.then(() => file.appendLine(line));
      await written;
    }
  };
  await Promise.all(Array.from({ length: work.options.concurrency }, reader));
  return outcomes;
}

/** An endpoint or an answer that is of no use leaves the episode unjudged; tau2 has no reward for it either. */
async function outcomeOf(work: JudgeWork, { record, task, trajectory }: Pending): Promise<Outcome> {
  const { domain, endpoint, systemPrompt, options } = work;
  const messages = tau2Messages(trajectory.messages);
  try {
    const { entries, complete } = await judgeEpisode({
      endpoint,
      systemPrompt,
      task,
      messages,
      lenient: options.lenient,
      ...(options.retryDelayMs !== undefined && { retryDelayMs: options.retryDelayMs }),
    });
    const { reward, dump } = evaluate(domain, {
      task,
      messages,
      terminationReason: trajectory.termination ?? "infrastructure_error",
      solo: false,
      strictReplay: true,
      judge: () => [...entries],
    });
    if (reward === null) throw new Error(`episode ${record.episodeId} was judged and still has no reward`);
    const { origin, pathname } = new URL(endpoint.baseUrl);
    return {
      v: 1,
      episodeId: record.episodeId,
      attemptKey: trajectory.attemptKey,
      at: options.wallIso(),
      model: endpoint.model,
      url: `${origin}${pathname}`,
      entries: [...entries],
      complete,
      reward,
      rewardInfo: dump,
    };
  } catch (error) {
    if (!isUseless(error)) throw error;
    return { episodeId: record.episodeId, taskId: task.id, message: error.message };
  }
}

function isUseless(error: unknown): error is TollgateError {
  return (
    error instanceof JudgeRequestError ||
    error instanceof JudgeAnswerError ||
    error instanceof EvaluationError
  );
}

function resultOf(
  waiting: ReadonlyMap<string, EpisodeRecord>,
  before: Judgements,
  outcomes: readonly Outcome[],
): RunJudgement {
  const judged = outcomes.flatMap((outcome) => ("message" in outcome ? [] : [outcome]));
  const now = new Set(outcomes.map(({ episodeId }) => episodeId));
  return {
    needed: waiting.size,
    judged: judged.length,
    judgedBefore: [...waiting].filter(([id, record]) => !now.has(id) && judgementOf(record, before)).length,
    incomplete: judged.filter(({ complete }) => !complete).map(({ episodeId }) => episodeId),
    unjudged: outcomes.filter((outcome) => "message" in outcome),
  };
}
