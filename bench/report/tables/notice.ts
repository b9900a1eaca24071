import { cellFidelity, type CellFidelity } from "../../analysis/cell/cell-fidelity.ts";
import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import type { FailureGroup } from "../../analysis/cell/failures.ts";
import { usable, verdicts, type Verdict } from "../../analysis/cell/verdict.ts";
import type { FidelityFinding, FindingKind } from "../../store/fidelity-facts.ts";
import type { ReportModel } from "../model/report-model.ts";
import type { Notice } from "./document.ts";

const told: ReadonlySet<Verdict> = new Set(["failing", "request-altered", "answer-altered"]);

/** The part of a report that this is about. */
export interface Judged {
  readonly run: Pick<ReportModel["run"], "runId">;
  readonly cells: readonly JudgedCell[];
}
export type JudgedCell = Pick<CellSummary, "cellId" | "arm" | "verdict" | "reasons" | "fidelity"> & {
  readonly episodes: Pick<CellSummary["episodes"], "finished" | "failures">;
};

/** What a report says before everything else: which cells cannot be used, why, and what to do. null where all can. Pure. */
export function noticeOf({ run, cells }: Judged): Notice | null {
  const bad = cells.filter(({ verdict }) => !usable.has(verdict));
  if (bad.length === 0) return null;
  const groups = [...Map.groupBy(bad, ({ arm }) => arm)].map(([arm, members]) => ({
    heading: armHeading(arm, members, cells),
    sentences: [
      ...failingSentences(members),
      ...fidelitySentences(fidelityOf(members)),
      ...otherSentences(members),
    ],
  }));
  const many =
    bad.length === cells.length ? `ALL ${cells.length} cells` : `${bad.length} of ${cells.length} cells`;
  return {
    heading: `NOT USABLE: ${many}`,
    meaning: meaningOf(bad),
    groups,
    advice: advice(bad, run.runId),
  };
}

/** A cell whose episodes did not all end, or whose tokens do not agree, is only partly spoiled: its verdict says in what. */
function meaningOf(bad: readonly JudgedCell[]): string {
  return verdictsOf(bad).some((verdict) => told.has(verdict))
    ? "A cell is one arm at one load. Numbers of these cells are printed below, but they are not those of a service that does its work: do not compare or quote them."
    : "A cell is one arm at one load. What in these cells does not count, and why:";
}

/** Every verdict against these cells, worst first. */
function verdictsOf(cells: readonly JudgedCell[]): readonly Verdict[] {
  const found = new Set(cells.flatMap(({ reasons }) => reasons.map(({ verdict }) => verdict)));
  return verdicts.filter((verdict) => found.has(verdict) && !usable.has(verdict));
}

const namesShown = 4;

function armHeading(arm: string, members: readonly JudgedCell[], cells: readonly JudgedCell[]): string {
  const all = cells.filter((cell) => cell.arm === arm).length;
  const names = members.slice(0, namesShown).map(({ cellId }) => cellId);
  const more = members.length > namesShown ? `, and ${members.length - namesShown} more` : "";
  const which = `${members.length} of its ${all} cells (${names.join(", ")}${more})`;
  return `Arm ${arm}, ${which}: ${verdictsOf(members).join(", ")}`;
}

function failingSentences(members: readonly JudgedCell[]): string[] {
  const failing = members.filter(({ reasons }) => reasons.some(({ verdict }) => verdict === "failing"));
  const groups = failing.flatMap(({ episodes }) => episodes.failures ?? []);
  const [first] = groups;
  if (first === undefined) return [];
  const failed = total(groups);
  const finished = failing.reduce((sum, { episodes }) => sum + episodes.finished, 0);
  const classes = [...Map.groupBy(groups, (group) => group.class)].map(
    ([name, same]) => `${name} ${total(same)}`,
  );
  return [
    `${failed} of ${finished} episodes failed because something around the agent broke (${classes.join(", ")}). They have no reward, so no pass rate and no overhead is stated. The first: ${first.message}`,
  ];
}

function total(groups: readonly FailureGroup[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

/** All cells of an arm as one, so that a change which is in all of them is told once. */
function fidelityOf(members: readonly JudgedCell[]): CellFidelity | null {
  return cellFidelity(members.map(({ fidelity }) => (fidelity === undefined ? null : { v: 1, ...fidelity })));
}

/** Which kinds are told, in plain words; what is declared or only spelled otherwise is not. */
const kinds: Readonly<Partial<Record<FindingKind, string>>> = {
  request: "Requests were changed on their way to the engine",
  answer: "Answers were changed on their way to the agent",
  "hidden-failure": "Failures of the engine were hidden from the agent",
  "not-from-engine": "Answers were given without asking the engine",
  "other-engine": "Another engine than the measured one answered",
  "gateway-failure": "Answers of the engine were not passed on",
  retried: "Requests were sent to the engine more than once",
  "own-request": "Requests were sent to the engine that the agent had not made",
};
const findingsPerKind = 2;

function fidelitySentences(fidelity: CellFidelity | null): string[] {
  const byKind = Map.groupBy(fidelity?.findings ?? [], ({ kind }) => kind);
  return [...byKind].flatMap(([kind, findings]) => {
    const said = kinds[kind];
    if (said === undefined) return [];
    const shown = findings.slice(0, findingsPerKind).map((finding) => `${said}${counted(finding)}`);
    const more = findings.length - shown.length;
    return more > 0 ? [...shown, `${said} in ${more} more ways: see the table Fidelity`] : shown;
  });
}

/** Without what the sentence has already said. */
function counted({ what, count, of }: FidelityFinding): string {
  const more = what.replace(/^the arm answered, and no request reached the engine(?:: )?/, "");
  return `${more === "" ? "" : `: ${more}`} (${count} of ${of} requests)`;
}

/** One sentence for each other verdict, however many reasons it has. */
function otherSentences(members: readonly JudgedCell[]): string[] {
  const reasons = members.flatMap(({ cellId, reasons }) => reasons.map((reason) => ({ cellId, ...reason })));
  return verdictsOf(members)
    .filter((verdict) => !told.has(verdict))
    .flatMap((verdict) => {
      const [first, ...more] = reasons.filter((reason) => reason.verdict === verdict);
      if (first === undefined) return [];
      const rest = more.length > 0 ? ` (and ${more.length} more reasons, below the table Speed)` : "";
      return [`${verdict}: ${first.cellId}: ${first.detail}${rest}`];
    });
}

function advice(bad: readonly JudgedCell[], runId: string): string[] {
  const found = verdictsOf(bad);
  const failure = bad.flatMap(({ episodes }) => episodes.failures ?? [])[0];
  const findings = bad.flatMap(({ fidelity }) => fidelity?.findings ?? []);
  const changed = findings.filter(({ kind }) => kind === "request" || kind === "answer");
  const places = [...new Set(changed.flatMap(({ about }) => placeOf(about)))];
  const unexplained = findings.some(({ kind }) => undeclarable.has(kind));
  const seen = changed.find(({ first }) => first.episodeId !== null)?.first.episodeId;
  const failed = found.includes("failing") && failure !== undefined;
  const altered = found.includes("request-altered") || found.includes("answer-altered");
  return [
    ...(failed ? [`See a failed episode: tollgate inspect ${runId} ${failure.episodeId}`] : []),
    ...(failed
      ? [
          `Repair what failed; \`tollgate status ${runId}\` prints the command that runs these episodes again.`,
        ]
      : []),
    ...(altered ? [`Compare every request and answer again: tollgate inspect ${runId} --bytes`] : []),
    ...(altered && seen != null && !(failed && seen === failure.episodeId)
      ? [`See an episode with a change: tollgate inspect ${runId} ${seen}`]
      : []),
    ...(places.length > 0
      ? [
          `If the arm is meant to change these, declare it at the arm in the experiment and run anew: rewrites: [${places.map(quoted).join(", ")}]`,
        ]
      : []),
    ...(unexplained
      ? ["Answers without the engine and hidden failures cannot be declared: switch that off in the service."]
      : []),
    ...(found.some((verdict) => !told.has(verdict))
      ? ["Every verdict, and what to do: docs/verdicts.md"]
      : []),
  ];
}

const undeclarable: ReadonlySet<FindingKind> = new Set(["hidden-failure", "not-from-engine", "other-engine"]);

/** `temperature changed` is about the place `temperature`; what is about no place cannot be declared. */
function placeOf(about: string): string[] {
  const place = /^(\S+) (?:changed|removed|added|reordered)$/.exec(about)?.[1];
  return place === undefined ? [] : [place];
}

/** YAML takes a list for what stands in brackets. */
function quoted(place: string): string {
  return /[[\]*]/.test(place) ? `"${place}"` : place;
}
