import { createHash } from "node:crypto";

/** One of the copies of a segment: its own ids, its own place in time, and a pace of its own, so that no two are alike. */
export interface Copy {
  readonly number: number;
  /** Id of an episode of this copy; the same for the same source. */
  readonly idOf: (episodeId: string) => string;
  /** Of stamps, which are nanoseconds. */
  readonly atNs: (ns: number) => number;
  /** Of lengths of time. */
  readonly lengthNs: (ns: number) => number;
}

/** Paces lie evenly in 0.9 .. 1.1 and are 1 on average, so that sums over all copies are those of as many equal ones. */
function paceOf(copy: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  return 0.9 + 0.2 * ((0.5 + copy * golden) % 1);
}

/** A segment of the source, and where the first of its copies begins. */
export interface CopiedSpan {
  readonly startedNs: number;
  readonly endedNs: number;
  readonly firstStartNs: number;
  readonly copies: number;
}

/** The copies of a segment, one behind the other. */
export function* copiesOf(span: CopiedSpan): Generator<Copy> {
  let startNs = span.firstStartNs;
  for (let number = 0; number < span.copies; number += 1) {
    const pace = paceOf(number);
    const fromNs = startNs;
    const lengthNs = (ns: number) => Math.round(ns * pace);
    const ids = new Map<string, string>();
    yield {
      number,
      idOf: (episodeId) => {
        const known = ids.get(episodeId) ?? episodeIdOf(episodeId, number);
        ids.set(episodeId, known);
        return known;
      },
      atNs: (ns) => fromNs + lengthNs(ns - span.startedNs),
      lengthNs,
    };
    startNs += lengthNs(span.endedNs - span.startedNs);
  }
}

/** Where the last copy ends. */
export function endOf(span: CopiedSpan): number {
  let endNs = span.firstStartNs;
  for (let number = 0; number < span.copies; number += 1)
    endNs += Math.round((span.endedNs - span.startedNs) * paceOf(number));
  return endNs;
}

function episodeIdOf(episodeId: string, copy: number): string {
  return createHash("sha256").update(`${episodeId}/${copy}`).digest("hex").slice(0, 16);
}

/** Copies of a task share it `trials` at a time; behind those comes another task, which no workload knows. */
export function taskOf(
  task: { readonly taskId: string; readonly trial: number },
  copy: number,
  trials: number,
): { readonly taskId: string; readonly trial: number } {
  return {
    taskId: `${task.taskId}~${Math.floor(copy / trials)}`,
    trial: task.trial * trials + (copy % trials),
  };
}
