import { StartError } from "../../errors.ts";
import { failedBy } from "../kubectl/kubectl-error.ts";
import type { Kubectl } from "../kubectl/kubectl.ts";
import { readWarnings, type WarningEvent } from "../rollout/pod.ts";
import { podTroubles, type Trouble } from "../rollout/pod-troubles.ts";
import { jobStatus, type JobStatus } from "./job-status.ts";
import { runLabel } from "./shard-pod.ts";
import { shardPods, type ShardPod } from "./shard-pods.ts";
import { episodeCounts, progressLine } from "./shard-progress.ts";

/** A Job of shards, or of one shard. */
export interface WatchedJob {
  readonly namespace: string;
  readonly name: string;
  /** Shards of the whole run. */
  readonly shards: number;
  /** The only shard of the Job; null: it is an Indexed Job of all. */
  readonly index: number | null;
  /** Value of the label that its pods carry. */
  readonly run: string;
}

export interface WatchOptions {
  readonly tell: (text: string) => void;
  /** How long pods may be kept from running, none of them ever having run. */
  readonly patienceMs: number;
  readonly everyMs: number;
  /** Between two readings of the drivers' metrics. */
  readonly countsEveryMs: number;
}

/** Something is in the way of every pod. */
export class NothingRan extends StartError {}

export interface WatchedEnd {
  readonly status: JobStatus;
  readonly pods: readonly ShardPod[];
}

/**
 * Follows a Job to its end and says what changes.
 * @throws {NothingRan} when no pod of it comes to run, naming what is in the way
 */
export async function watchShards(
  kubectl: Kubectl,
  job: WatchedJob,
  options: WatchOptions,
): Promise<WatchedEnd> {
  const watch = new Watch(kubectl, job, options);
  const end = await kubectl.waitFor({
    look: () => watch.look(),
    timeoutMs: Number.MAX_SAFE_INTEGER,
    everyMs: options.everyMs,
  });
  if (end === null) throw new Error("a watch without a limit came to none");
  return end;
}

class Watch {
  readonly #kubectl: Kubectl;
  readonly #job: WatchedJob;
  readonly #options: WatchOptions;
  readonly #told = new Set<string>();
  /** Newest knowledge of every pod, those that are gone included. */
  readonly #pods = new Map<string, ShardPod>();
  readonly #startedMs = performance.now();
  #hasRun = false;
  #line = "";
  #countedMs = Number.NEGATIVE_INFINITY;

  constructor(kubectl: Kubectl, job: WatchedJob, options: WatchOptions) {
    this.#kubectl = kubectl;
    this.#job = job;
    this.#options = options;
  }

  async look(): Promise<WatchedEnd | null> {
    const { namespace, name, index } = this.#job;
    const object = await this.#kubectl.get({ kind: "jobs.batch", name, namespace });
    if (object === null)
      throw new StartError(
        "kubernetes",
        `Job ${name} is gone from namespace ${namespace}: somebody deleted it. What its shards have finished is on the volume; run the same command again to go on.`,
      );
    const status = jobStatus(object, index);
    const pods = await this.#readPods();
    for (const pod of pods) this.#pods.set(pod.name, pod);
    this.#hasRun ||= pods.some(({ isRunning, startedAt }) => isRunning || startedAt !== null);
    for (const pod of pods)
      if (pod.failure !== null) this.#once(`pod ${pod.name} of shard ${pod.index} failed: ${pod.failure}`);
    if (status.end !== null) return { status, pods: [...this.#pods.values()] };
    await this.#lookForTroubles(pods);
    await this.#progress(status, pods);
    return null;
  }

  async #readPods(): Promise<readonly ShardPod[]> {
    const { namespace, run, index } = this.#job;
    const selector = `${runLabel}=${run}`;
    const pods = shardPods(await this.#kubectl.list({ kind: "pods", namespace, selector }));
    return index === null ? pods : pods.filter((pod) => pod.index === index);
  }

  async #lookForTroubles(pods: readonly ShardPod[]): Promise<void> {
    const { namespace, name } = this.#job;
    const warnings = readWarnings(await this.#events(namespace));
    const troubles = podTroubles(
      // How pods ended that failed is told, and the Job starts others.
      pods.filter(({ failure }) => failure === null).map(({ pod }) => pod),
      warnings,
    ).map(troubleText);
    const refused = warnings
      .filter(({ about, reason }) => about.kind === "Job" && about.name === name && reason === "FailedCreate")
      .slice(-1)
      .map(refusedText);
    const inTheWay = [...troubles, ...(pods.length === 0 ? refused : [])];
    for (const text of inTheWay) this.#once(text);
    const late = performance.now() - this.#startedMs > this.#options.patienceMs;
    if (inTheWay.length > 0 && !this.#hasRun && late)
      throw new NothingRan(
        "kubernetes",
        `No pod of Job ${name} came to run in ${Math.round(this.#options.patienceMs / 1000)} s:\n${[...new Set(inTheWay)].map((text) => `  ${text}`).join("\n")}`,
      );
  }

  /** Who may not read events does without. */
  async #events(namespace: string) {
    try {
      return await this.#kubectl.list({ kind: "events", namespace });
    } catch (thrown) {
      if (failedBy(thrown, "forbidden")) return [];
      throw thrown;
    }
  }

  async #progress(status: JobStatus, pods: readonly ShardPod[]): Promise<void> {
    const { shards, namespace, index } = this.#job;
    const running = pods.filter(({ isRunning }) => isRunning);
    const line = progressLine(status, pods, index === null ? { shards } : { index });
    const changed = line !== this.#line;
    if (changed) this.#options.tell(line);
    this.#line = line;
    // A call of kubectl takes a tenth of a second of a processor, and every pod is asked.
    const pauseMs = Math.max(this.#options.countsEveryMs, running.length * 1_000);
    if (performance.now() - this.#countedMs < pauseMs) return;
    this.#countedMs = performance.now();
    const { finished, planned, drivers } = await episodeCounts(this.#kubectl, namespace, running);
    if (drivers > 0) this.#options.tell(`  ${finished} of ${planned} episodes in ${drivers} running shards`);
  }

  #once(text: string): void {
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.#options.tell(text);
  }
}

function troubleText({ text, advice }: Trouble): string {
  return advice === "" ? text : `${text}. ${advice.charAt(0).toUpperCase()}${advice.slice(1)}`;
}

function refusedText({ message }: WarningEvent): string {
  const quota = /exceeded quota/.test(message)
    ? " Free some of the namespace's quota, have it raised, or ask for less in kubernetes.resources"
    : "";
  return `the cluster refuses the pods: ${message.replace(/\.$/, "")}.${quota}`;
}
