import { join } from "node:path";
import { messageOf, TollgateError } from "../../../bench/errors.ts";
import { Deadline } from "../../../bench/measure/deadline.ts";
import { notStarted } from "../../../bench/workload/not-started.ts";
import type { AttemptContext, EpisodeResult, EpisodeTask } from "../../../bench/workload/workload.ts";
import { judgeAttempt } from "../scoring/judge.ts";
import type { Observation } from "../contract/observation.ts";
import { profiles } from "../scoring/profiles.ts";
import { finalFindings, takeBaseline } from "../scoring/validators/find.ts";
import type { WorkspaceTask } from "../contract/task.ts";
import { keepWorkspace } from "../workspace/make-workspace.ts";
import { openPlace, type TaskPlace, type UnfitPlace } from "../workspace/open-place.ts";
import { converse, type TaskEnd } from "./conversation.ts";
import { keepAttempt } from "./keep-attempt.ts";
import { crashOf, factsOf, observe, resultOf } from "./outcome.ts";
import type { TasksParts } from "./parts.ts";
import { unscored } from "./score-list.ts";
import { emptyTold, type Told } from "./told.ts";

/** One attempt of a run. */
interface Attempted {
  readonly episode: EpisodeTask;
  readonly attempt: AttemptContext;
}

/** Everything that an attempt at a task is: a place, a conversation, what was found, a score, a line of evidence. */
export async function attemptTask(
  parts: TasksParts,
  task: WorkspaceTask,
  { episode, attempt }: Attempted,
): Promise<EpisodeResult> {
  const { noBrowser } = parts;
  if (task.browser && noBrowser !== null) {
    const fault = { termination: "no_browser", detail: noBrowser } as const;
    return await unfit(parts, { task, attempt, opened: { fault, setup: null, services: [] } });
  }
  let opened: TaskPlace | UnfitPlace;
  try {
    opened = await openPlace(parts.maker, task, { name: attempt.attemptKey, signal: attempt.signal });
  } catch (error) {
    if (attempt.signal.aborted) return notStarted(null);
    if (!(error instanceof TollgateError) && !isSystemError(error)) throw error;
    return notStarted({ class: "harness", message: `the workspace of task ${task.id}: ${messageOf(error)}` });
  }
  if ("fault" in opened) return await unfit(parts, { task, attempt, opened });
  await using place = opened;
  return attempt.signal.aborted ? notStarted(null) : await attemptIn(parts, place, { episode, attempt });
}

async function attemptIn(
  parts: TasksParts,
  place: TaskPlace,
  { episode, attempt }: Attempted,
): Promise<EpisodeResult> {
  const { task, sandbox, hostDirectory, values, before } = place;
  const checked = { task, sandbox, hostDirectory, values, signal: attempt.signal };
  const baseline = await takeBaseline(checked, before);
  const { limits } = parts.experiment;
  const afterMs = Math.min(limits.episodeSeconds * 1000, task.timeoutMs ?? Number.POSITIVE_INFINITY);
  using limit = new Deadline(afterMs);
  const deadline = { signal: limit.signal, afterMs };
  const told = emptyTold(parts.context.agent.prompt === "stock" ? ["prompt-stock"] : []);
  const end = await converse({ parts, place, baseline, episode, attempt, deadline }, told);
  if (end.kind === "not-started") return end.result;
  if (end.kind === "cancelled") return { ...factsOf(told, end), status: "cancelled" };
  const endedMs = performance.now();
  const crash = crashOf(end);
  if (end.kind !== "failed") {
    const found = { turns: told.turns, calls: told.calls, crash };
    told.findings.push(...(await finalFindings(checked, baseline, found)));
  }
  const observation = await judged(parts, observe(task, told, crash), { hostDirectory, attempt, end });
  // What was found after somebody had stopped it is no result.
  if (attempt.signal.aborted) return { ...factsOf(told, end), status: "cancelled" };
  const score = end.kind === "failed" ? null : profiles[task.profile.format].score(observation);
  const scoringMs = performance.now() - endedMs;
  const closed = await closePlace(parts, place, attempt);
  await keepAttempt(parts, { attempt, observation, score, place, closed, scoringMs });
  return resultOf(told, end, { observation, score });
}

/** Ends what runs in it, keeps a copy where one is wanted, and lets the task take away what it has made. */
async function closePlace({ experiment }: TasksParts, place: TaskPlace, attempt: AttemptContext) {
  await place.closeSandbox();
  const workspace = experiment.workload.keepWorkspace ? join("workspaces", attempt.attemptKey) : null;
  if (workspace !== null)
    await keepWorkspace(place.hostDirectory, join(attempt.evidence.directory, workspace));
  return { workspace, teardown: await place.tearDown() };
}

/** What a judge says of it, where one is named and there is something to judge. */
async function judged(
  { judge }: TasksParts,
  observation: Observation,
  attempted: {
    readonly hostDirectory: string;
    readonly attempt: AttemptContext;
    readonly end: TaskEnd;
  },
): Promise<Observation> {
  const { hostDirectory, attempt, end } = attempted;
  if (judge === null || end.kind === "failed") return observation;
  return {
    ...observation,
    ...(await judgeAttempt({ observation, hostDirectory, judge, signal: attempt.signal })),
  };
}

/** The task could not be attempted: nothing can be scored, and no part of the system under test had a part in it. */
async function unfit(
  parts: TasksParts,
  {
    task,
    attempt,
    opened,
  }: { readonly task: WorkspaceTask; readonly attempt: AttemptContext; readonly opened: UnfitPlace },
): Promise<EpisodeResult> {
  if (attempt.signal.aborted) return notStarted(null);
  const { termination, detail } = opened.fault;
  const told: Told = emptyTold(["unjudged"]);
  const end = { kind: "ended", termination, detail, crash: termination } as const;
  const observation = observe(task, told, termination);
  await keepAttempt(parts, { attempt, observation, score: null, place: opened, closed: null, scoringMs: 0 });
  return { ...factsOf(told, end), status: "completed", scores: unscored(task, detail) };
}

/** The kernel refused something, e.g. because the disk is full. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "code" in error && "syscall" in error;
}
