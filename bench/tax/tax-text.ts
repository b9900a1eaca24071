import { durationText, numberText, signedText } from "../report/tables/number-text.ts";
import { wrappedText } from "../report/tables/wrapped-text.ts";
import { halfWidth } from "../statistics/interval.ts";
import type { Added, AddedInterval, AddedToRequest, LoadFindings } from "./findings.ts";
import { loadWords } from "./tax-plan.ts";
import type { TaxReport } from "./tax-report.ts";

const columns = 80;

/**
 * The answer: ten lines of 80 columns at two loads. A line more for each further load, for a limit, and for everything that
 * speaks against the numbers or was not measured.
 */
export function taxText(report: TaxReport): string {
  const { loads, raw, gateway, limit } = report;
  const [first] = loads;
  const streams = loads.every(({ streaming }) => streaming !== "simulated");
  const of = (added: AddedToRequest) => (streams ? added.firstToken : added.whole);
  const what = streams ? "first token" : "whole request";
  const parts = (label: string, texts: readonly string[]) =>
    line(label, texts.length === 0 ? "not measured" : `${what}: ${texts.join("  ")}`);
  return [
    `Tollgate tax  raw ${raw}  gateway ${gateway}`,
    verdictLine(report),
    ...loads.map(loadLine),
    line("of it", first === undefined ? "not measured" : shareText(first, of)),
    parts(
      "by body, kB",
      first?.bySize.map((part) => `${Math.round(part.bodyBytes / 1000)} ${spanText(of(part))}`) ?? [],
    ),
    parts("by turn", first?.byTurn.map((part) => `${part.turn} ${spanText(of(part))}`) ?? []),
    line("floor", first === undefined ? "not measured" : floorText(first, of)),
    line("checked", checkedText(report)),
    line("measured", measuredText(report)),
    ...(limit === null ? [] : [line(`limit ${limit.text}`, limitTexts[limit.status])]),
    ...notes(report).map((note) => wrappedText(`note: ${note}`, columns - 2).replaceAll("\n", "\n  ")),
  ].join("\n");
}

const limitTexts = {
  kept: "kept: both intervals lie below it, at every load",
  crossed: "CROSSED: a whole interval lies above it",
  "cannot-tell": "CANNOT TELL: an interval reaches over it; give more --minutes",
} as const;

function line(label: string, text: string): string {
  return ` ${label.padEnd(12)} ${text}`;
}

function loadLine({ load, added, streaming }: LoadFindings): string {
  const firstToken = streaming === "simulated" ? "not streamed" : intervalText(added.firstToken);
  return line(loadWords(load), `first token ${firstToken}  whole ${intervalText(added.whole)} ms`);
}

/** Hundredths of a millisecond below ten: less is noise on any machine. */
function msText(value: number | null): string {
  return value !== null && Math.abs(value) < 9.995 ? value.toFixed(2) : numberText(value);
}

const addedText = (value: number) => signedText(value, msText);

/** `+1.49 [+1.33, +1.65]` */
export function intervalText({ interval, pairs }: Added): string {
  if (interval === null) return pairs === 0 ? "not measured" : "too few blocks";
  const { estimate, low, high } = interval;
  return `${addedText(estimate)} [${addedText(low)}, ${addedText(high)}]`;
}

/** `+1.49 ±0.16` */
function spanText({ interval, pairs }: Added): string {
  if (interval === null) return pairs === 0 ? "not measured" : "too few blocks";
  return `${addedText(interval.estimate)} ±${msText(halfWidth({ ...interval, method: "" }))}`;
}

function shareText(first: LoadFindings, of: (added: AddedToRequest) => Added): string {
  const { gatewayItself, anyProxy } = first;
  if (gatewayItself === null || anyProxy === null) return "not split: no time for the null proxy";
  return `any proxy ${intervalText(of(anyProxy))}, itself ${intervalText(of(gatewayItself))} ms`;
}

function floorText({ floor }: LoadFindings, of: (added: AddedToRequest) => Added): string {
  return `raw against itself ${intervalText(of(floor))} ms: what is nothing here`;
}

/** One sentence; what must not be believed is said instead of a number. */
export function verdictLine(report: Pick<TaxReport, "usable" | "against" | "loads">): string {
  const { usable, against, loads } = report;
  const [first] = loads;
  if (!usable || first === undefined) return `NOT USABLE: ${against[0] ?? "nothing was measured"}.`;
  const { added, streaming, load } = first;
  const at = loadWords(load);
  const [firstToken, whole] = [added.firstToken, added.whole].map(seenText);
  if (streaming === "simulated")
    return `It streams nothing: all tokens come at the end. A whole request: ${whole} (${at}).`;
  if (isNothing(added.firstToken) && isNothing(added.whole))
    return `No cost seen at ${at}: first token ${firstToken}, whole ${whole}.`;
  return `Added at ${at}: first token ${firstToken}, whole request ${whole}.`;
}

function isNothing({ interval }: Added): boolean {
  return interval !== null && interval.low <= 0 && interval.high >= 0;
}

/** `5.61 ms`, `-0.80 ms` where it is faster, `within 0.31 ms` where nothing is seen. */
function seenText(added: Added): string {
  const { interval } = added;
  if (interval === null) return "an unknown time";
  const { estimate, low, high } = interval;
  return `${isNothing(added) ? `within ${msText(Math.max(-low, high))}` : msText(estimate)} ms`;
}

function checkedText({ alterations, refused, errors, requests }: TaxReport): string {
  const { asked, of, findings } = alterations;
  const altered = new Set(findings.filter(({ content }) => content).map(({ question }) => question)).size;
  const fields = new Set(findings.filter(({ content }) => !content).map(({ what }) => what)).size;
  const failed = errors.reduce((sum, { count }) => sum + count, 0);
  const classes = errors.map((error) => `${error.count} ${error.class} at ${error.arm}`).join(", ");
  return [
    `answers alike: ${asked - altered} of ${asked}${asked < of ? ` (${of - asked} not asked)` : ""}`,
    ...(fields > 0 ? [`${fields} fields differ`] : []),
    ...(refused.length > 0 ? [`${refused.length} refused`] : []),
    failed === 0
      ? `no errors in ${requests} requests`
      : `${failed} of ${requests} requests failed: ${classes}`,
  ].join("; ");
}

function measuredText({ model, simulated, loads, seconds }: TaxReport): string {
  const blocks = loads.map((load) => load.blocks).join(" + ");
  return `${simulated ? "SIMULATED " : ""}${model}, ${blocks} blocks, ${durationText(seconds)}, 95 % intervals`;
}

/** How much wider an interval of means is than that of medians where a few requests were held up by something else. */
const noisyRatio = 2;

/** Where the means are blurred by a few requests, what the others say. */
function noiseNotes({ load, added }: LoadFindings): readonly string[] {
  const parts = (["firstToken", "whole"] as const).flatMap((name) => {
    const { interval, median } = added[name];
    if (interval === null || median === null || widthOf(interval) <= noisyRatio * widthOf(median)) return [];
    return [
      `${name === "whole" ? "whole request" : "first token"} ${addedText(median.estimate)} [${addedText(median.low)}, ${addedText(median.high)}]`,
    ];
  });
  return parts.length === 0
    ? []
    : [`${loadWords(load)}: a few requests blur these means; by medians: ${parts.join(", ")} ms`];
}

const widthOf = ({ low, high }: AddedInterval) => high - low;

/** Every reason and every doubt, so that nothing is only in the JSON. */
function notes({ against, doubts, notMeasured, alterations, loads }: TaxReport): readonly string[] {
  const fields = Map.groupBy(
    alterations.findings.filter(({ content }) => !content),
    ({ what }) => what,
  );
  const dropped = loads.flatMap(({ load, leftOut }) => {
    const counts = Object.entries(leftOut.gateway).filter(([, count]) => count > 0);
    return counts.length === 0
      ? []
      : [
          `${loadWords(load)}: pairs left out: ${counts.map(([reason, count]) => `${count} ${reason}`).join(", ")}`,
        ];
  });
  return [
    ...against.slice(1),
    ...doubts,
    ...notMeasured.map((what) => `not measured: ${what}`),
    ...loads.flatMap(noiseNotes),
    ...dropped,
    ...(alterations.unrepeatable.length === 0
      ? []
      : [
          `the raw server does not repeat its answer at temperature 0, so texts were not compared: ${alterations.unrepeatable.join(", ")}`,
        ]),
    ...[...fields].map(([what, found]) => `${what} (${found.map(({ question }) => question).join(", ")})`),
  ];
}
