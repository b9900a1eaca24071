import type { SeenCell } from "../evidence/cell-evidence.ts";
import type { EngineCounts } from "../evidence/engine-page.ts";
import type { Seen } from "../evidence/taps.ts";
import { mean, quotient, total, totalKnown } from "../numbers/samples.ts";
import { NotCovered, type Expected } from "./figure.ts";

/** The engine's own means beside those of the tap in front of it; null where the engine has none. */
export function engineBeside({ used, inner }: SeenCell): readonly Expected[] | null {
  const pages = used.flatMap(({ agentEngine }) => agentEngine ?? []);
  if (pages.length === 0 || pages.length < used.length || inner.length === 0) return null;
  const answered = inner.filter((request) => request.answered);
  const streamed = answered.filter((request) => request.streamed);
  const spaced = streamed.filter(({ itlMs }) => itlMs !== null);
  const times = (requests: readonly Seen[], of: (request: Seen) => number | null) =>
    requests.flatMap((request) => of(request) ?? []);
  const tokens = total(spaced.map(tokensAfterFirst));
  const [ttft, e2e] = [times(streamed, ({ ttftMs }) => ttftMs), times(answered, ({ e2eMs }) => e2eMs)];
  const firstByte = times(streamed, ({ firstByteNs, startedNs }) =>
    firstByteNs === null ? null : (firstByteNs - startedNs) / 1e6,
  );
  const rows = [
    row(
      "ttft",
      engineMean(pages, ({ ttft: own }) => own),
      { count: ttft.length, ms: mean(ttft) },
      mean(firstByte),
    ),
    row(
      "itl",
      engineMean(pages, ({ itl }) => itl),
      {
        count: tokens,
        ms: quotient(total(spaced.map((one) => (one.itlMs ?? 0) * tokensAfterFirst(one))), tokens),
      },
      new NotCovered(
        "stated only where the head of an answer leaves with its first token, which is a rule of its own",
      ),
    ),
    row(
      "e2e",
      engineMean(pages, ({ e2e: own }) => own),
      { count: e2e.length, ms: mean(e2e) },
      null,
    ),
  ].flatMap((one) => one ?? []);
  return rows.length === 0 ? null : rows;
}

function tokensAfterFirst({ usage }: Seen): number {
  return (usage?.completionTokens ?? 1) - 1;
}

interface Mean {
  readonly count: number | null;
  readonly ms: number | null;
}

function engineMean(pages: readonly EngineCounts[], of: (page: EngineCounts) => EngineCounts["ttft"]): Mean {
  const count = totalKnown(pages.map((page) => of(page).count));
  const seconds = quotient(totalKnown(pages.map((page) => of(page).seconds)), count);
  return { count, ms: seconds === null ? null : seconds * 1000 };
}

// oxlint-disable-next-line max-params -- the cells of one row
function row(metric: string, engine: Mean, tap: Mean, fromFirstByteMs: Expected): Expected | null {
  if (engine.ms === null) return null;
  return {
    metric,
    engine: { count: engine.count, ms: engine.ms },
    tap: { count: tap.count, ms: tap.ms },
    fromFirstByteMs,
    differenceMs: tap.ms === null ? null : tap.ms - engine.ms,
    causes: new NotCovered("words"),
  };
}
