import type { EpisodeRecord } from "../../store/record.ts";

/** Why some episodes have no answer: those that a part failed, or that the agent or a limit ended. */
export interface Cause {
  /** The failed part (`engine`), or the workload's word for the end (`agent_error`). */
  readonly name: string;
  readonly failed: boolean;
  readonly episodes: number;
  /** The first of them, and what was said of it. */
  readonly first: Pick<EpisodeRecord, "episodeId" | "arm"> & { readonly message: string };
}

type Ended = Pick<EpisodeRecord, "episodeId" | "arm" | "failure" | "termination" | "terminationDetail">;

/** A line for each kind of end that says why it came, in the order in which the first of each came. */
export function causesOf(episodes: Iterable<Ended>): Cause[] {
  const causes = new Map<string, Cause>();
  for (const { episodeId, arm, failure, termination, terminationDetail } of episodes) {
    const message = failure?.message ?? terminationDetail ?? null;
    if (message === null) continue;
    const [failed, name] = [failure !== null, failure?.class ?? termination ?? "ended"];
    const key = `${failed}/${name}`;
    const { first, episodes: before } = causes.get(key) ?? {
      first: { episodeId, arm, message },
      episodes: 0,
    };
    causes.set(key, { name, failed, episodes: before + 1, first });
  }
  return [...causes.values()];
}
