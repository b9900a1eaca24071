import type { Kubectl } from "../kubectl/kubectl.ts";
import { driverContainer, driverMetricsPort } from "./shard-run-plan.ts";
import { indexText, type JobStatus } from "./job-status.ts";
import type { ShardPod } from "./shard-pods.ts";

/** How far a Job is, in a line. @param of all shards, or the one that the Job runs */
export function progressLine(
  { completed, failed }: Pick<JobStatus, "completed" | "failed">,
  pods: readonly ShardPod[],
  of: { readonly shards: number } | { readonly index: number },
): string {
  const ended = new Set([...completed, ...failed]);
  // A pod that is being taken away still runs for a moment, beside the one after it.
  const running = new Set(
    pods.flatMap(({ isRunning, index }) => (isRunning && !ended.has(index) ? [index] : [])),
  );
  const [shards, whole] =
    "shards" in of ? [of.shards, `of ${of.shards} shards`] : [1, `of shard ${of.index}`];
  const lost = failed.length === 0 ? "" : `, ${indexText(failed)} failed for good`;
  return `${completed.length} ${whole} done, ${running.size} running, ${shards - ended.size - running.size} waiting${lost}`;
}

/** Episodes of the shards that run now, as their drivers say it. */
export interface EpisodeCounts {
  readonly finished: number;
  readonly planned: number;
  /** Pods that answered. */
  readonly drivers: number;
}

/** At once, so that a hundred pods do not make a hundred processes. */
const askedAtOnce = 8;

/** A node that is gone never answers, and the Job goes on without it. */
const answerMs = 15_000;

/** The image has Node, and neither curl nor wget. */
const printPage = [
  "node",
  "-e",
  "fetch(process.argv[1], { signal: AbortSignal.timeout(5000) }).then((page) => page.text()).then((text) => process.stdout.write(text), () => (process.exitCode = 1))",
];

/** Asks drivers for their metrics, inside their pods; one that does not answer, as while it starts, is left out. */
export async function episodeCounts(
  kubectl: Kubectl,
  namespace: string,
  pods: readonly ShardPod[],
): Promise<EpisodeCounts> {
  const running = pods.filter(({ isRunning }) => isRunning);
  const counts: EpisodeCounts[] = [];
  for (let at = 0; at < running.length; at += askedAtOnce) {
    const asked = running.slice(at, at + askedAtOnce).map(async ({ name }) => {
      const of = { namespace, pod: name, container: driverContainer };
      const url = `http://127.0.0.1:${driverMetricsPort}/metrics`;
      return countsIn((await kubectl.exec(of, [...printPage, url], { timeoutMs: answerMs })).stdout);
    });
    const answers = await Promise.allSettled(asked);
    for (const answer of answers)
      if (answer.status === "fulfilled" && answer.value !== null) counts.push(answer.value);
  }
  return {
    finished: sum(counts.map(({ finished }) => finished)),
    planned: sum(counts.map(({ planned }) => planned)),
    drivers: counts.length,
  };
}

/** null where the page does not say it. */
export function countsIn(page: string): EpisodeCounts | null {
  const planned = valuesOf(page, "tollgate_episodes_planned");
  if (planned.length === 0) return null;
  return { finished: sum(valuesOf(page, "tollgate_episodes_total")), planned: sum(planned), drivers: 1 };
}

function valuesOf(page: string, name: string): readonly number[] {
  const line = new RegExp(`^${name}(?:\\{[^}]*\\})? ([0-9.e+]+)$`, "gm");
  return [...page.matchAll(line)].map(([, value]) => Number(value));
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
