import type { LoadSample } from "../../load/load.ts";

/** One request in the two turns of each of two arms within a block. */
export interface PairedRequest {
  readonly session: string;
  readonly index: number;
  readonly promptTokens: number;
  readonly baseline: readonly LoadSample[];
  readonly arm: readonly LoadSample[];
}

/** Why a request is in no difference. */
export const dropReasons = [
  "not answered",
  "not answered: error or unfinished answer inside a 200",
  "no usage told",
  "other prompt tokens",
  "other output tokens",
  "other finish reason",
  "stamps out of order",
] as const;
export type DropReason = (typeof dropReasons)[number];

export interface PairedBlock {
  readonly paired: readonly PairedRequest[];
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Of the paired, those whose text differs although tokens and finish reason do not. */
  readonly otherText: number;
  /** Sessions of which every request is paired. */
  readonly sessions: ReadonlySet<string>;
}

/**
 * Requests that both arms answered alike in all of their turns in a block; the others are counted by the first reason
 * that applies. A request stays only with all its turns, because the drift that a block cancels would come back with a
 * part of them.
 */
export function pairRequests(
  baseline: readonly (readonly LoadSample[])[],
  arm: readonly (readonly LoadSample[])[],
): PairedBlock {
  const turns = [...baseline, ...arm];
  const bySlot = turns.map((samples) => new Map(samples.map((sample) => [slotOf(sample), sample])));
  const slots = new Set(turns.flatMap((samples) => samples.map(slotOf)));
  const paired: PairedRequest[] = [];
  const dropped = Object.fromEntries(dropReasons.map((reason) => [reason, 0])) as Record<DropReason, number>;
  const broken = new Set<string>();
  for (const slot of slots) {
    const found = bySlot.map((samples) => samples.get(slot));
    const all = found.filter((sample) => sample !== undefined);
    const [first] = all;
    if (first === undefined) continue;
    const reason = all.length < turns.length ? "not answered" : dropReason(all);
    if (reason === null) {
      const { session, index, usage } = first;
      paired.push({
        session,
        index,
        promptTokens: usage?.promptTokens ?? 0,
        baseline: all.slice(0, baseline.length),
        arm: all.slice(baseline.length),
      });
    } else {
      dropped[reason] += 1;
      broken.add(first.session);
    }
  }
  return {
    paired,
    dropped,
    otherText: paired.filter(({ baseline, arm }) => !sameText([...baseline, ...arm])).length,
    sessions: new Set(paired.flatMap(({ session }) => (broken.has(session) ? [] : [session]))),
  };
}

function slotOf({ session, index }: LoadSample): string {
  return `${session}/${index}`;
}

function dropReason(samples: readonly LoadSample[]): DropReason | null {
  const same = (of: (sample: LoadSample) => unknown) => new Set(samples.map(of)).size === 1;
  if (samples.some(({ outcome }) => outcome !== "completed" && outcome !== "incomplete"))
    return "not answered";
  if (samples.some(({ outcome }) => outcome === "incomplete"))
    return "not answered: error or unfinished answer inside a 200";
  if (!samples.every(inOrder)) return "stamps out of order";
  if (!samples.every(({ usage }) => usage !== null)) return "no usage told";
  if (!same(({ usage }) => usage?.promptTokens)) return "other prompt tokens";
  if (!same(({ usage }) => usage?.completionTokens)) return "other output tokens";
  return same(({ finishReason }) => finishReason) ? null : "other finish reason";
}

/** A clock that went back, or a file that was written by something else, gives times that look like times. */
function inOrder(sample: LoadSample): boolean {
  const { intendedNs, sentNs, firstByteNs, firstTokenNs, lastTokenNs, endedNs } = sample;
  const stamps = [intendedNs, sentNs, firstByteNs, firstTokenNs, lastTokenNs, endedNs].filter(
    (at) => at !== null,
  );
  return stamps.every((at, index) => Number.isFinite(at) && at >= (stamps[index - 1] ?? 0));
}

function sameText(samples: readonly LoadSample[]): boolean {
  return new Set(samples.map(({ outputSha256 }) => outputSha256)).size === 1;
}
