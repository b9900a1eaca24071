import type { Span } from "../../evidence/episode-stamps.ts";
import { numberText } from "../../report/tables/number-text.ts";
import type { EngineSample } from "../../store/engine-sample.ts";

/** What the agent engine said of itself while an episode ran. */
export interface EngineLevels {
  /** One sentence; what it did not say is said to be unknown. */
  readonly text: string;
  /** Its readings as lines of a picture: requests at work and waiting. Empty with too few readings to draw. */
  readonly lines: readonly LevelLine[];
}

export interface LevelLine {
  readonly name: string;
  /** The most that was read. */
  readonly most: number;
  /** Each reading holds until the next one. */
  readonly levels: readonly (Span & { readonly value: number })[];
}

/** Fewer are told in words alone. */
const drawnFrom = 3;

/** @param samples of the whole segment, of both engines, in order. null: the engine was never asked, or not in this time. Pure. */
export function engineLevels(samples: readonly EngineSample[], span: Span): EngineLevels | null {
  const agent = samples.filter(({ role }) => role === "agent");
  const during = agent.flatMap((sample, at) => {
    const endedNs = agent[at + 1]?.atNs ?? sample.atNs;
    return endedNs < span.startedNs || sample.atNs > span.endedNs ? [] : [{ sample, endedNs }];
  });
  if (during.length === 0) return null;
  const read = during.filter(({ sample }) => sample.error === undefined);
  const range = (of: (sample: EngineSample) => number | null, text = numberText) => {
    const values = read.flatMap(({ sample }) => of(sample) ?? []);
    if (values.length === 0) return "unknown";
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return least === most ? text(most) : `${text(least)} to ${text(most)}`;
  };
  const readings = `${during.length} reading${during.length === 1 ? "" : "s"}`;
  const failed = during.length - read.length;
  const memory = range(
    ({ kvUsage }) => kvUsage,
    (share) => `${numberText(share === null ? null : share * 100)} %`,
  );
  return {
    text: `Of all requests, its own and those of others, the agent engine had ${range(({ running }) => running)} running and ${range(({ queued }) => queued)} queued in that time; memory for keys and values in use: ${memory} (${readings}${failed === 0 ? "" : `, ${failed} failed`}).`,
    lines:
      during.length < drawnFrom
        ? []
        : [
            levelLine("running", ({ running }) => running),
            levelLine("queued", ({ queued }) => queued),
          ].flat(),
  };

  function levelLine(name: string, of: (sample: EngineSample) => number | null): readonly LevelLine[] {
    const levels = during.flatMap(({ sample, endedNs }) => {
      const value = of(sample);
      return value === null ? [] : [{ startedNs: sample.atNs, endedNs, value }];
    });
    const most = Math.max(0, ...levels.map(({ value }) => value));
    return levels.length === 0 ? [] : [{ name, most, levels }];
  }
}
