import { StartError } from "../../errors.ts";
import { applyWhole, ensureNamespace } from "../deploy/apply-whole.ts";
import type { Site } from "../deploy/site.ts";
import { isOurs } from "../objects/own-labels.ts";
import { indexText, jobStatus, type JobStatus } from "./job-status.ts";
import { jobOfShard, shardAnnotation, shardObjects } from "./shard-job.ts";
import { runLabel } from "./shard-pod.ts";
import { sharedNodes, type ShardPod } from "./shard-pods.ts";
import { resultsNameOf, type ShardRunPlan } from "./shard-run-plan.ts";
import { NothingRan, watchShards, type WatchOptions } from "./watch-shards.ts";

export interface ShardRunEnd {
  readonly completed: readonly number[];
  readonly failed: readonly number[];
}

type Watching = Omit<WatchOptions, "tell">;

/**
 * Runs every shard that is not done: starts the Job, or goes on with one that is there. Shards that have failed for good are run again,
 * each by itself, when this is called again.
 * @throws {StartError} when another Job still writes the same results, or no pod comes to run
 */
export async function runShards(site: Site, plan: ShardRunPlan, watching: Watching): Promise<ShardRunEnd> {
  const { kubectl, tell } = site;
  const objects = shardObjects(plan);
  const { name } = objects.job.metadata;
  const jobs = await jobsOf(site, plan);
  const own = jobs.find((job) => job.name === name);
  // One that runs a failed shard again is followed.
  refuseOthers(jobs.filter((job) => job.name !== name && (own === undefined || job.index === null)));
  const options = { ...watching, tell };
  const watched = { namespace: plan.namespace, shards: plan.shards, run: resultsNameOf(plan) };
  if (own === undefined) return await startJob(site, plan, options);
  if (own.end === null) {
    tell(`Job ${name} runs already; following it`);
    const end = await watchShards(kubectl, { ...watched, name, index: null }, options);
    return ended(site, end.status, end.pods);
  }
  const done = new Set([...own.completed, ...jobs.flatMap(({ completed }) => completed)]);
  // Not only those that it calls failed: a Job that was ended from outside says nothing of the others.
  const open = Array.from({ length: plan.shards }, (_, index) => index).filter((index) => !done.has(index));
  tell(
    open.length === 0
      ? `Job ${name} is done already`
      : `Job ${name} ended without shards ${indexText(open)}; each is run again by itself`,
  );
  const again = await Promise.all(open.map((index) => runAgain(site, plan, { index, options, watched })));
  const completed = [...done, ...again.flatMap((end) => end.completed)].toSorted((a, b) => a - b);
  return { completed, failed: again.flatMap((end) => end.failed) };
}

/**
 * Starts the Job and returns; one that is there already stays as it is.
 * @throws {StartError} when another Job still writes the same results
 */
export async function startShards(site: Site, plan: ShardRunPlan): Promise<void> {
  const { name } = shardObjects(plan).job.metadata;
  const jobs = await jobsOf(site, plan);
  refuseOthers(jobs.filter((job) => job.name !== name));
  await ensureNamespace(site.kubectl, plan.namespace);
  if (jobs.some((job) => job.name === name)) site.tell(`Job ${name} is there already.`);
  else await applyJob(site, plan);
}

async function applyJob(site: Site, plan: ShardRunPlan): Promise<{ readonly undo: () => Promise<void> }> {
  const { claim, experimentMap, job } = shardObjects(plan);
  const applied = await applyWhole(site, [claim, experimentMap, job]);
  site.tell(
    `Job ${job.metadata.name} started: ${plan.shards} shards by ${plan.split}, results in ${resultsNameOf(plan)}. It goes on without this command; the same command again follows it.`,
  );
  return applied;
}

async function startJob(site: Site, plan: ShardRunPlan, options: WatchOptions): Promise<ShardRunEnd> {
  const { kubectl } = site;
  const { namespace, shards } = plan;
  const { name } = shardObjects(plan).job.metadata;
  const isNewNamespace = await ensureNamespace(kubectl, namespace);
  try {
    const { undo } = await applyJob(site, plan);
    const watched = { namespace, name, shards, index: null, run: resultsNameOf(plan) };
    const end = await watchShards(kubectl, watched, options).catch(async (thrown: unknown) => {
      // Nothing has run: nothing half-made stays. Who stops only the watching leaves the Job to go on.
      if (thrown instanceof NothingRan) await undo();
      throw thrown;
    });
    return ended(site, end.status, end.pods);
  } catch (thrown) {
    if (isNewNamespace && !(await hasJob(site, plan)))
      await kubectl.delete({ kind: "namespace", name: namespace }, { wait: false });
    throw thrown;
  }
}

async function hasJob(site: Site, plan: ShardRunPlan): Promise<boolean> {
  return (await jobsOf(site, plan)).length > 0;
}

interface Again {
  readonly index: number;
  readonly options: WatchOptions;
  readonly watched: { readonly namespace: string; readonly shards: number; readonly run: string };
}

async function runAgain(
  site: Site,
  plan: ShardRunPlan,
  { index, options, watched }: Again,
): Promise<ShardRunEnd> {
  const before = (await jobsOf(site, plan)).filter((job) => job.index === index);
  const running = before.find(({ end }) => end === null);
  const job = jobOfShard(plan, index, before.length + 1);
  if (running === undefined) await applyWhole(site, [job]);
  const name = running?.name ?? job.metadata.name;
  const { status } = await watchShards(site.kubectl, { ...watched, name, index }, options);
  return { completed: status.completed, failed: status.failed };
}

function ended({ tell }: Site, status: JobStatus, pods: readonly ShardPod[]): ShardRunEnd {
  for (const line of sharedNodes(pods)) tell(`warning: ${line}`);
  const { completed, failed, end } = status;
  if (end?.complete === false && failed.length === 0)
    throw new StartError(
      "kubernetes",
      `Job ${status.name} was ended: ${end.why ?? "the cluster does not say why"}`,
    );
  return { completed, failed };
}

/** Jobs that write these results. */
async function jobsOf(
  { kubectl }: Site,
  plan: ShardRunPlan,
): Promise<readonly (JobStatus & { readonly index: number | null })[]> {
  const selector = `${runLabel}=${resultsNameOf(plan)}`;
  const found = await kubectl.list({ kind: "jobs.batch", namespace: plan.namespace, selector });
  return found.filter(isOurs).map((object) => {
    const alone = object.metadata.annotations?.[shardAnnotation];
    const index = alone === undefined ? null : Number(alone);
    return { ...jobStatus(object, index), index };
  });
}

/** Two drivers of one shard would write one run directory. */
function refuseOthers(jobs: readonly JobStatus[]): void {
  const running = jobs.filter(({ end }) => end === null);
  if (running.length === 0) return;
  const names = running.map(({ name }) => name).join(", ");
  throw new StartError(
    "kubernetes",
    `Job ${names} still writes the same results, with other settings or another image. Wait for its end, or end it: kubectl delete job ${running.map(({ name }) => name).join(" ")}`,
  );
}
