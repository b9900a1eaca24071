import { seriesKey, type Sample } from "./exposition.ts";

/** What is known besides the pages themselves. */
export interface BetweenScrapes {
  /** From the first scrape to the second; null where nobody knows. */
  readonly seconds: number | null;
  /** Wall clock of the first scrape in seconds since 1970; null where nobody knows. */
  readonly firstAtS: number | null;
  /** A counter went down or a series of one vanished. */
  readonly fell: boolean;
}

export interface ProcessComparison {
  /** Nothing that is counted can be compared: another process answered the second time. */
  readonly other: boolean;
  /** What was found, in sentences; empty when nothing speaks of another process. */
  readonly sentences: readonly string[];
}

/**
 * Start times are computed from the age of the machine and its clock, so clocks that are adjusted move them by up to
 * about this in one and the same process.
 */
const clockJitterS = 2;

/** Whether one process answered both times, by what the pages say of it: start times and process ids. */
export function compareProcesses(
  before: readonly Sample[],
  after: readonly Sample[],
  between: BetweenScrapes,
): ProcessComparison {
  const findings = [
    ...startTimes(before, after, between),
    ...(between.fell ? processIds(before, after) : []),
  ];
  return {
    other: findings.some(({ other }) => other),
    sentences: [...new Set(findings.map(({ sentence }) => sentence))],
  };
}

interface Finding {
  readonly other: boolean;
  readonly sentence: string;
}

function startTimes(
  before: readonly Sample[],
  after: readonly Sample[],
  between: BetweenScrapes,
): readonly Finding[] {
  const isStart = ({ name, value }: Sample) =>
    name.endsWith("process_start_time_seconds") && Number.isFinite(value);
  const earlier = new Map(
    before.filter(isStart).map((sample) => [seriesKey(sample.name, sample.labels), sample]),
  );
  return after.filter(isStart).flatMap((sample) => {
    const was = earlier.get(seriesKey(sample.name, sample.labels));
    return was === undefined || was.value === sample.value ? [] : [judgeStart(was, sample, between)];
  });
}

/**
 * A restart moves the start time to after the first scrape, and counters begin at 0. Where the first scrape's own time
 * is not known, less than the time between the scrapes is taken for a clock that was set, as long as no counter fell.
 */
function judgeStart(was: Sample, is: Sample, { seconds, firstAtS, fell }: BetweenScrapes): Finding {
  const moved = is.value - was.value;
  const size = Math.abs(moved);
  const by = `the start time of the process moved by ${shown(moved)} s`;
  const known = Math.max(clockJitterS, lastPlace(was), lastPlace(is));
  if (size <= known) {
    const why = fell
      ? "counters fell: several processes that were started together answer at this address"
      : "no counter fell: its clock was adjusted, no restart";
    return { other: fell, sentence: `${by} while ${why}` };
  }
  if (moved < -known) {
    const sentence = `the process that answered the second scrape started ${shown(size)} s before the one that answered the first: several processes answer at this address, and their counters cannot be compared`;
    return { other: true, sentence };
  }
  const restarted = {
    other: true,
    sentence: "the start time of the process changed: the server restarted in between",
  };
  if (fell) return restarted;
  if (firstAtS !== null && was.value <= firstAtS && is.value > firstAtS) return restarted;
  const window = seconds ?? (firstAtS === null ? null : firstAtS - was.value);
  return window !== null && size < window
    ? {
        other: false,
        sentence: `${by} while no counter fell, less than the time between the scrapes: its clock was set, no restart`,
      }
    : restarted;
}

/**
 * Gauges of Python's multiprocess mode carry the id of the process that set them. Alone that proves nothing: a server
 * may renew such a process while the one that counts lives on.
 */
function processIds(before: readonly Sample[], after: readonly Sample[]): readonly Finding[] {
  const [earlier, later] = [pidsByName(before), pidsByName(after)];
  return [...later].flatMap(([name, pids]) => {
    const were = earlier.get(name);
    if (were === undefined || [...were].some((pid) => pids.has(pid))) return [];
    const sentence = `${name} came from process ${[...were].join(", ")}, then from ${[...pids].join(", ")}: the server restarted in between, or several answer at this address`;
    return [{ other: false, sentence }];
  });
}

function pidsByName(samples: readonly Sample[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { name, kind, labels } of samples) {
    const pid = kind === "gauge" ? labels.get("pid") : undefined;
    if (pid === undefined) continue;
    const pids = found.get(name) ?? new Set();
    found.set(name, pids.add(pid));
  }
  return found;
}

/** Labels of series whose `_created` says that they began anew, by {@link seriesKey} of the family. */
export function createdAnew(before: readonly Sample[], after: readonly Sample[]): ReadonlySet<string> {
  const created = ({ name, value }: Sample) => name.endsWith("_created") && Number.isFinite(value);
  const keyOf = ({ name, labels }: Sample) => seriesKey(familyOf(name), labels);
  const earlier = new Map(before.filter(created).map((sample) => [keyOf(sample), sample]));
  return new Set(
    after
      .filter(created)
      .filter((sample) => {
        const was = earlier.get(keyOf(sample));
        const known = was && Math.max(clockJitterS, lastPlace(was), lastPlace(sample));
        return was !== undefined && known !== undefined && Math.abs(sample.value - was.value) > known;
      })
      .map(keyOf),
  );
}

/** `x` for `x`, `x_total` and `x_created`: what ties a creation time to its counter. */
export function familyOf(name: string): string {
  return name.replace(/_(total|created)$/, "").replace(/_total$/, "");
}

function lastPlace({ value, printed: { digits } }: Sample): number {
  return value === 0 || digits === 0 ? 0 : 10 ** (Math.floor(Math.log10(Math.abs(value))) + 1 - digits);
}

function shown(seconds: number): string {
  return String(Math.round(seconds * 1000) / 1000);
}
