import type { ArmComparison, ReplayDifference } from "../../analysis/replay/comparison.ts";
import type { StoredReplay } from "../model/stored-replay.ts";
import { replayFinding, replayFloorMs, replayMarginText } from "../tables/replay-finding.ts";
import { absent, alignedDifferenceText, numberText } from "../tables/number-text.ts";
import { blank, copied, labelled, line, type Part } from "./layout.ts";
import { loadHead, loadName } from "./load-name.ts";
import { plain, toned, type StyledLine, type StyledText } from "./styled-text.ts";
import { simulatedText } from "../model/server-lines.ts";
import { shortSimulated, type Ending } from "./sweep-screen.ts";
import { shortened } from "./trust-parts.ts";

type Row = readonly StyledText[];

/** The answer of a replay on one screen. Pure. */
export function replayScreen(report: StoredReplay, ending: Ending): readonly Part[] {
  const { comparisons } = report;
  const baseline = report.plan.arms[0]?.label ?? "the baseline";
  return [
    ...identityParts(report),
    blank,
    line([
      toned("strong", `What an arm adds to a request, ms, against ${baseline}`),
      plain(` (95 % interval over blocks)`),
    ]),
    { kind: "grid", align: columns, rows: [headRow(report), ...rowsOf(report)] },
    blank,
    ...serviceGrid(report),
    ...trustParts(report, comparisons),
    copied("Page", [plain(ending.places.page)]),
    copied("Tables", [plain(`tollgate report ${ending.places.run}`)]),
  ];
}

const columns = ["left", "left", "left", "left", "left"] as const;

function identityParts({ runId, simulated, plan, machine, verdict }: StoredReplay): readonly Part[] {
  const tone = verdict === "valid" ? "good" : verdict === "client-limited" ? "doubt" : "bad";
  return [
    {
      kind: "sides",
      left: [toned("strong", runId), plain("  "), toned(tone, verdict)],
      right: simulated ? [toned("doubt", shortSimulated(simulatedText(true, {}) ?? ""))] : [],
    },
    line([
      toned(
        "soft",
        `${plan.conversations} conversations, ${plan.requests} requests of ${plan.source.runId}, cell ${plan.source.cellId}; ${machine}`,
      ),
    ]),
  ];
}

function headRow({ plan }: StoredReplay): Row {
  const head = loadHead(plan.settings.map(({ load }) => load));
  return [` ${head}`, "arm", "TTFT", "E2E"].map((text) => toned("soft", text));
}

function rowsOf(report: StoredReplay): readonly Row[] {
  const caches = new Set(report.plan.settings.map(({ cache }) => cache)).size > 1;
  return report.plan.settings.flatMap(({ key, load, cache }) => {
    const place = ` ${loadName(load)}${caches ? ` ${cache}` : ""}`;
    return settingRows(report, key).map(([first = plain(""), ...rest], at) => [
      { ...first, text: at === 0 ? place : "" },
      ...rest,
    ]);
  });
}

/** The arms that are compared, each with what of it is its own; then what this run sees where there is nothing to find. */
function settingRows(
  { comparisons, aboveProxy = [], blockSeconds }: StoredReplay,
  key: string,
): readonly Row[] {
  const own = comparisons.filter(({ setting }) => setting.key === key);
  const compared = own.filter(({ arm: { part } }) => part === "compared" || part === "baseline");
  const control = own.find(({ arm }) => arm.part === "placebo");
  const floorMs = replayFloorMs(own);
  return [
    ...compared.flatMap((comparison, at) => {
      const above = aboveProxy.find(({ setting, arm }) => setting === key && arm === comparison.arm.label);
      const finding = findingSpan(comparison, { floorMs, blockSeconds: blockSeconds[key] ?? null });
      return [
        differenceRow(comparison, comparison.metrics, { name: comparison.arm.label, finding }),
        ...(control === undefined || at > 0
          ? []
          : [differenceRow(control, control.metrics, { name: "· any proxy", finding: null })]),
        ...(above === undefined
          ? []
          : [differenceRow(comparison, above, { name: "· its own", finding: signSpan(above.e2e, floorMs) })]),
      ];
    }),
    ...own
      .filter(({ arm }) => arm.part === "again")
      .map((again) => differenceRow(again, again.metrics, { name: "A/A floor", finding: null })),
  ];
}

function differenceRow(
  { altered, streaming }: Pick<ArmComparison, "altered" | "streaming">,
  { ttft, e2e }: { readonly ttft: ReplayDifference; readonly e2e: ReplayDifference },
  about: { readonly name: string; readonly finding: StyledText | null },
): Row {
  const hidden = altered !== undefined;
  const doubted = toned("doubt", "not comparable");
  return [
    plain(""),
    plain(about.name),
    hidden || streaming === "simulated" ? doubted : plain(textOf(ttft)),
    hidden ? doubted : plain(textOf(e2e)),
    hidden ? toned("bad", "altered") : (about.finding ?? plain("")),
  ];
}

function textOf({ interval, count }: ReplayDifference): string {
  if (interval === null) return count === 0 ? absent : "too few blocks";
  return alignedDifferenceText({ value: interval.estimate, low: interval.low, high: interval.high, count });
}

interface FindingFacts {
  /** What the baseline differs from itself by; null where that was not measured. */
  readonly floorMs: number | null;
  readonly blockSeconds: number | null;
}

function findingSpan(
  { metrics: { e2e } }: ArmComparison,
  { floorMs, blockSeconds }: FindingFacts,
): StyledText {
  const text = replayMarginText(e2e, blockSeconds);
  if (text === null) return signSpan(e2e, floorMs);
  return toned(text.startsWith("inside") ? "good" : text.startsWith("outside") ? "bad" : "doubt", text);
}

const tones = { slower: "bad", faster: "good", "within A/A": "doubt", "cannot tell": "doubt" } as const;

function signSpan(difference: ReplayDifference, floorMs: number | null): StyledText {
  const found = replayFinding(difference, floorMs);
  return toned(tones[found], found);
}

function serviceGrid({ arms, plan }: StoredReplay): readonly Part[] {
  const head = loadHead(plan.settings.map(({ load }) => load));
  const rows = arms.map(({ setting, arm, requests, failed, ttftMs, itlMs, e2eMs }): Row => [
    plain(`  ${arm.label}`),
    plain(loadName(setting.load)),
    plain(`${numberText(ttftMs.p50)} / ${numberText(ttftMs.p95)}`),
    plain(numberText(itlMs.p50)),
    plain(`${numberText(e2eMs.p50)} / ${numberText(e2eMs.p95)}`),
    failed === 0 ? plain(`${requests}`) : toned("bad", `${requests}, ${failed} failed`),
  ]);
  const heads = [head, "TTFT p50 / p95", "ITL p50", "E2E p50 / p95", "requests"];
  return [
    {
      kind: "grid",
      align: ["left", "left", "right", "right", "right", "right"],
      rows: [[toned("strong", "Service"), ...heads.map((text) => toned("soft", text))], ...rows],
      optional: [3],
    },
    blank,
  ];
}

const reasonsShown = 3;

function trustParts(
  { reasons, verdict }: StoredReplay,
  comparisons: readonly ArmComparison[],
): readonly Part[] {
  const floorMs = replayFloorMs(comparisons);
  const floor =
    floorMs === null
      ? "no A/A floor: nothing shows what this run can see"
      : `the baseline differs from itself by up to ${numberText(floorMs)} ms (E2E, A/A): less is not seen here`;
  const lines: StyledLine[] = [
    [
      toned(
        verdict === "valid" ? "good" : "doubt",
        reasons.length === 0 ? "nothing speaks against it; " : `${verdict}; `,
      ),
      plain(floor),
    ],
    ...reasons
      .slice(0, reasonsShown)
      .map(({ verdict: one, detail }) => [toned("doubt", `${one}: `), plain(shortened(detail))]),
    ...(reasons.length > reasonsShown
      ? [[plain(`and ${reasons.length - reasonsShown} more reasons: see the tables`)]]
      : []),
  ];
  return [...lines.map((text, at) => labelled(at === 0 ? "Trust" : "", text)), blank];
}
