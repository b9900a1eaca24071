import { engineText } from "../../evidence/server-facts.ts";
import { coverageSentence } from "../../analysis/estimates/coverage.ts";
import type { NextCommand } from "../../store/next-command.ts";
import type { ReportModel } from "../model/report-model.ts";
import { simulatedText } from "../model/server-lines.ts";
import { noticeOf } from "../tables/notice.ts";
import { durationText } from "../tables/number-text.ts";
import { blank, copied, labelled, line, type Part } from "./layout.ts";
import { lengthParts } from "./length-parts.ts";
import { noticeParts } from "./notice-parts.ts";
import { overheadParts } from "./overhead-parts.ts";
import { passAtKParts } from "./pass-at-k-parts.ts";
import { scoreParts } from "./score-parts.ts";
import { serviceParts } from "./service-parts.ts";
import { plain, toned, type StyledText } from "./styled-text.ts";
import { variantParts } from "./variant-parts.ts";
import { trustParts } from "./trust-parts.ts";

/** What a screen at the end of a run says of it apart from its report. */
export interface Ending {
  /** Wall clock of all its calls; null where they have no ends. */
  readonly seconds: number | null;
  /** How it is gone on with or repaired; null when all is well. */
  readonly next: NextCommand | null;
  readonly places: Places;
}

/** As they can be typed or opened from where the command was started. */
export interface Places {
  readonly page: string;
  /** What a command takes for the run. */
  readonly run: string;
}

/** The answer of a sweep on one screen; everything else is in `tollgate report`. Pure. */
export function sweepScreen(report: ReportModel, ending: Ending): readonly Part[] {
  const { cells, overheads, totals } = report;
  const proxies = new Set(cells.flatMap(({ arm, armKind }) => (armKind === "null-proxy" ? [arm] : [])));
  const head = [...identityParts(report, ending), ...noticeParts(noticeWhere(report))];
  if (totals.finished === 0) return [...head, blank, ...placeParts(report, ending)];
  return [
    ...head,
    blank,
    ...(isWhole(report) || overheads.some(({ refused }) => refused === null)
      ? overheadParts(overheads, { proxies, floors: report.floors })
      : []),
    ...lengthParts(report),
    ...variantParts(report.variants),
    ...serviceParts(
      isWhole(report) ? cells : cells.filter(({ episodes }) => episodes.finished > 0),
      report.slo,
    ),
    ...passAtKParts(report.passAtK),
    ...scoreParts(report.scores),
    ...trustParts(report),
    ...placeParts(report, ending),
  ];
}

/** Who stops a run knows that its cells are not whole; what to do about it stands below. */
function noticeWhere(report: ReportModel) {
  const { run, cells } = report;
  if (isWhole(report)) return noticeOf(report);
  return noticeOf({ run, cells: cells.filter(({ verdict }) => verdict !== "interrupted") });
}

function isWhole({ run }: ReportModel): boolean {
  return run.state !== "interrupted" && run.state !== "running";
}

export function identityParts(report: ReportModel, { seconds }: Pick<Ending, "seconds">): readonly Part[] {
  const { run, totals, cells } = report;
  const failed = cells.reduce((sum, { episodes }) => sum + (episodes.byStatus["failed"] ?? 0), 0);
  const simulated = simulatedText(run.simulated, run.engines ?? {});
  const right: StyledText[] = simulated === null ? [] : [toned("doubt", shortSimulated(simulated))];
  return [
    {
      kind: "sides",
      left: [
        toned("strong", run.experiment),
        plain(" "),
        toned(run.state === "complete" ? "good" : "bad", run.state),
        plain(`, ${totals.finished}/${totals.planned} episodes, `),
        failed === 0 ? plain("0 failed") : toned("bad", `${failed} failed`),
        plain(seconds === null ? "" : `, ${durationText(seconds)}`),
      ],
      right,
    },
    // Where something is finished, it stands beside every rate, in fewer lines.
    ...(report.coverage === undefined || totals.finished > 0 ? [] : [line([coverageSpan(report.coverage)])]),
    line([toned("soft", stackText(run))]),
    ...(run.note === "" ? [] : [line([plain(run.note)])]),
  ];
}

function coverageSpan(coverage: NonNullable<ReportModel["coverage"]>): StyledText {
  const sentence = coverageSentence(coverage);
  return coverage.selected < coverage.total ? toned("doubt", sentence) : plain(sentence);
}

/** What no report may leave out, in few words. */
export function shortSimulated(sentence: string): string {
  return sentence.replace("times are those of a simulator, not of a GPU.", "no GPU times");
}

function stackText(run: ReportModel["run"]): string {
  const served = run.engines?.agent;
  const engine = served === undefined ? run.versions["agent engine"] : engineText(served);
  const host = /, (\d+ x [^,]+)/.exec(run.host)?.[1];
  return [
    `${run.agent.name} ${run.agent.version} -> ${modelText(run.servers)}${engine ?? ""}`,
    ...(host === undefined ? [] : [host]),
    ...(run.gitRevision === null
      ? []
      : [`git ${run.gitRevision.slice(0, 7)}${run.gitRevision.includes("+") ? "+changes" : ""}`]),
  ].join(", ");
}

/** Of servers that Tollgate started it is known which model they were asked to serve. */
function modelText(servers: readonly string[]): string {
  const model = servers.find((text) => text.startsWith("agent engine: "))?.slice("agent engine: ".length);
  return model === undefined ? "engine " : `${model.split(", ")[0] ?? ""} `;
}

export function placeParts({ run }: ReportModel, { next, places }: Ending): readonly Part[] {
  return [
    ...(next === null
      ? []
      : [
          ...(next.why === "go on" ? [] : [labelled("Go on", [plain(`${next.why}:`)], "bad")]),
          copied(next.why === "go on" ? "Go on" : "", [toned("strong", next.command)], "bad"),
        ]),
    copied("Page", [plain(places.page)]),
    ...(run.state === "running" ? [] : commandParts(places)),
  ];
}

function commandParts({ run }: Places): readonly Part[] {
  return [
    copied("Tables", [plain(`tollgate report ${run}`)]),
    copied("Episodes", [plain(`tollgate inspect ${run}`)]),
  ];
}
