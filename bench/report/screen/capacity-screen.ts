import type { ArmCapacity, CapacityAnswer, CapacityLoad } from "../../analysis/capacity/capacity-answer.ts";
import type { ReportModel } from "../model/report-model.ts";
import { doubtTexts, fewerTexts, perGpuText, rangeText } from "../tables/capacity-table.ts";
import { numberText } from "../tables/number-text.ts";
import { findingWords, limitText, measuredText } from "../tables/slo-table.ts";
import { blank, labelled, line, type Part } from "./layout.ts";
import { findingTones } from "./slo-parts.ts";
import { identityParts, placeParts, type Ending } from "./sweep-screen.ts";
import { plain, toned, type StyledText } from "./styled-text.ts";

/** The answer of a search on one screen. Pure. */
export function capacityScreen(report: ReportModel, answer: CapacityAnswer, ending: Ending): readonly Part[] {
  return [
    ...identityParts(report, ending),
    blank,
    ...answerParts(answer),
    blank,
    ...edgeParts(answer),
    ...trustParts(report, answer),
    ...placeParts(report, ending),
  ];
}

function answerParts(answer: CapacityAnswer): readonly Part[] {
  const gpus = answer.arms.some((arm) => arm.gpus !== null);
  const heads = ["agents in flight", ...(gpus ? ["per GPU"] : []), "ep/min", "good/min"];
  const rows = answer.arms.map((arm): readonly StyledText[] => [
    plain(`  ${arm.arm}`),
    toned(isTold(arm) ? "strong" : "doubt", rangeText(arm)),
    ...(gpus ? [plain(perGpuText(arm))] : []),
    plain(numberText(arm.episodesPerMinute?.value ?? null)),
    plain(numberText(arm.goodput?.value ?? null)),
  ]);
  return [
    line([
      toned("strong", "Most agents in flight that hold "),
      plain(answer.limits.map(limitText).join(", ")),
      plain(" (95 %)"),
    ]),
    {
      kind: "grid",
      align: ["left", "left", ...heads.slice(1).map(() => "right" as const)],
      rows: [[plain(""), ...heads.map((text) => toned("soft", text))], ...rows],
    },
    ...fewerTexts(answer).map((text) => line([plain(`  ${text}`)])),
  ];
}

function isTold({ low, high }: ArmCapacity): boolean {
  return low !== null && high !== null;
}

/**
 * The last load that holds and the first that does not, with what was measured at them. A narrow terminal leaves out
 * limits that none of them missed, because those did not decide; the tables have them.
 */
function edgeParts(answer: CapacityAnswer): readonly Part[] {
  const edges = answer.arms.flatMap((arm) => edgesOf(arm));
  const rows = answer.arms.flatMap((arm) =>
    edgesOf(arm).map((load): readonly StyledText[] => [
      plain(`  ${arm.arm}`),
      plain(String(load.agents)),
      toned(findingTones[load.finding], findingWords[load.finding]),
      ...load.objectives.map((objective) => plain(measuredText(objective))),
    ]),
  );
  if (rows.length === 0) return [];
  const before = ["in flight", "SLO"];
  const heads = [...before, ...answer.limits.map(({ name }) => name)];
  const undecided = answer.limits.flatMap((_, at) =>
    edges.some(({ objectives }) => objectives[at]?.finding === "missed") ? [] : [1 + before.length + at],
  );
  return [
    {
      kind: "grid",
      align: ["left", "right", "left", ...answer.limits.map(() => "left" as const)],
      rows: [[toned("strong", "At the edge"), ...heads.map((text) => toned("soft", text))], ...rows],
      optional: undecided.toReversed(),
    },
    blank,
  ];
}

function edgesOf({ low, high, loads }: ArmCapacity): readonly CapacityLoad[] {
  return loads.filter(
    ({ agents, decided }) => decided && (agents === low || (high !== null && agents === high + 1)),
  );
}

const textsShown = 3;

function trustParts(report: ReportModel, answer: CapacityAnswer): readonly Part[] {
  const { cells } = report;
  const exact = cells.filter(({ tokenCheck: { status } }) => status === "exact").length;
  const over = report.run.state === "complete";
  const open = answer.arms
    .filter((arm) => !isTold(arm))
    .map((arm) => (over ? openText(arm, answer) : `${arm.arm}: the search is not over`));
  const doubts = [...open, ...answer.arms.flatMap(doubtTexts)];
  return [
    labelled("Trust", [
      plain(
        `${cells.length} cells, ${answer.repetitions} at each load that decides; tokens exact in ${exact === cells.length ? "all" : exact}`,
      ),
    ]),
    ...doubts.slice(0, textsShown).map((text) => labelled("", [toned("doubt", `! ${text}`)])),
    blank,
  ];
}

function openText({ arm, low, high, loads }: ArmCapacity, { to, from }: CapacityAnswer): string {
  const unheld = loads.find(({ why, finding }) => finding === "cannot-tell" && why?.includes("was not held"));
  if (unheld !== undefined) return `${arm}: ${unheld.why} -> fewer agents, longer episodes, or more cores`;
  if (low === null && high === null)
    return `${arm}: no load could tell -> more repetitions (capacity.repetitions) or episodes (capacity.episodesPerAgent)`;
  if (high === null) return `${arm}: up to ${to} nothing was shown to be too many -> a larger --to`;
  return `${arm}: no load from ${from} on was shown to hold the limits -> more repetitions, or other limits`;
}
