import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import { isFailing } from "../../analysis/cell/failures.ts";
import { usable, verdicts, type Verdict } from "../../analysis/cell/verdict.ts";
import { minimumCellPairs } from "../../analysis/estimates/paired-difference.ts";
import { cutAnswer } from "../../workload/sample-line.ts";
import type { ReportModel } from "../model/report-model.ts";
import { lengthTrustLines } from "./length-parts.ts";
import { blank, labelled, type Part } from "./layout.ts";
import { plain, toned, type StyledLine } from "./styled-text.ts";

/** What stands behind the numbers: verdicts with their reasons, checks that were made, and what would make more of them. */
export function trustParts(report: ReportModel): readonly Part[] {
  const more = [...reasonLines(report), ...adviceLines(report)];
  return [labelled("Trust", verdictLine(report)), ...more.map((line) => labelled("", line)), blank];
}

function verdictLine({ cells }: ReportModel): StyledLine {
  const valid = cells.filter(({ verdict }) => verdict === "valid").length;
  const bad = cells.filter(({ verdict }) => !usable.has(verdict)).length;
  const tone = bad > 0 ? "bad" : valid === cells.length ? "good" : "doubt";
  const unfinished = cells.filter(({ episodes }) => episodes.finished < episodes.planned).length;
  const facts = [tokenText(cells), fidelityText(cells)].filter((text) => text !== null);
  return [
    toned(tone, `${valid} of ${cells.length} cells valid.`),
    plain(unfinished === 0 ? "" : ` ${unfinished} not finished.`),
    plain(facts.map((text) => ` ${text}`).join("")),
  ];
}

/** null where a verdict below says it. */
function tokenText(cells: readonly CellSummary[]): string | null {
  const exact = cells.filter(({ tokenCheck: { status } }) => status === "exact").length;
  if (exact === cells.length) return "Tokens exact.";
  return exact === 0 ? null : `Tokens exact in ${exact}.`;
}

function fidelityText(cells: readonly CellSummary[]): string | null {
  const compared = cells.flatMap(({ fidelity }) => fidelity ?? []);
  if (compared.length < cells.length || compared.some(({ findings }) => findings.length > 0)) return null;
  return "Requests and answers unaltered.";
}

const cellsNamed = 2;

/** One line for each verdict that speaks against cells which may be used; the notice tells the others. */
function reasonLines({ cells }: ReportModel): StyledLine[] {
  return verdicts.flatMap((verdict): StyledLine[] => {
    if (!usable.has(verdict)) return [];
    const found = cells.flatMap(({ cellId, reasons }) =>
      reasons.filter((reason) => reason.verdict === verdict).map(({ detail }) => ({ cellId, detail })),
    );
    const [first] = found;
    if (first === undefined) return [];
    const names = [...new Set(found.map(({ cellId }) => cellId))];
    const more = names.length > cellsNamed ? ` and ${names.length - cellsNamed} more` : "";
    return [
      [
        toned("doubt", verdict === "client-limited" ? `! ${verdict}` : verdict),
        plain(` ${names.slice(0, cellsNamed).join(", ")}${more}: ${first.detail}`),
        toned("strong", repair(verdict)),
      ],
    ];
  });
}

function repair(verdict: Verdict): string {
  return verdict === "client-limited" ? " -> fewer episodes in flight, or more cores" : "";
}

const warningsShown = 2;

function adviceLines(report: ReportModel): StyledLine[] {
  const { cells, overheads, failures = [], warnings, preflights } = report;
  const few = overheads.some(({ pathMs, refused }) => refused === null && pathMs.whole.unit === "tasks");
  const warned = (preflights.at(-1)?.checks ?? []).flatMap(({ name, findings }) =>
    findings.filter(({ status }) => status === "warning").map((finding) => ({ name, ...finding })),
  );
  const skipped = (preflights.at(-1)?.checks ?? []).filter((check) => check.skipped).map(({ name }) => name);
  return [
    ...lengthTrustLines(report.lengths),
    ...(few
      ? [
          [
            plain("drift between cells is not in the intervals"),
            toned("strong", ` -> sweep.repetitions: ${minimumCellPairs}`),
          ],
        ]
      : []),
    ...unscoredLines(cells),
    ...cutLines(cells),
    // Of a failing cell the notice says it.
    ...(cells.some(isFailing) ? [] : failures).map(({ class: name, count, message }) => [
      toned("bad", `${count} ${name}: `),
      plain(shortened(message)),
    ]),
    ...warned
      .slice(0, warningsShown)
      .map(({ name, on, what, change }) => [
        toned("doubt", `preflight ${name}: `),
        plain(shortened(`${on}: ${what}`)),
        ...(change === null ? [] : [toned("strong", ` -> ${change}`)]),
      ]),
    ...(warned.length > warningsShown
      ? [[plain(`and ${warned.length - warningsShown} more warnings of the preflight, see the tables`)]]
      : []),
    ...(skipped.length > 0 ? [[toned("doubt", "preflight left out "), plain(skipped.join(", "))]] : []),
    ...(warnings.length > 0
      ? [
          [
            toned("doubt", `${warnings.length} warnings`),
            plain(`, the first: ${shortened(warnings[0] ?? "")}`),
          ],
        ]
      : []),
  ];
}

/** They are in no rate and no mean, which would else look as if they were over all. */
function unscoredLines(cells: readonly CellSummary[]): StyledLine[] {
  const total = (of: "unjudged" | "finished") => cells.reduce((sum, { episodes }) => sum + episodes[of], 0);
  const unscored = total("unjudged");
  if (unscored === 0) return [];
  return [
    [
      toned("doubt", `${unscored} of ${total("finished")} episodes have no reward`),
      plain(" and are in no rate: their records say why"),
    ],
  ];
}

/** Right or wrong, they say less of a model than of the limit. */
function cutLines(cells: readonly CellSummary[]): StyledLine[] {
  const cut = cells.reduce((sum, { episodes }) => sum + (episodes.byLabel[cutAnswer] ?? 0), 0);
  if (cut === 0) return [];
  const finished = cells.reduce((sum, { episodes }) => sum + episodes.finished, 0);
  return [
    [
      toned("doubt", `${cut} of ${finished} answers were cut at a limit of tokens`),
      plain(" (finish reason length)"),
      toned("strong", " -> a larger sampling.maxTokens"),
    ],
  ];
}

const messageCharacters = 200;

/** What a server said may be a page long. */
export function shortened(text: string): string {
  const single = text.replaceAll(/\s+/g, " ");
  return single.length <= messageCharacters ? single : `${single.slice(0, messageCharacters - 1)}…`;
}
