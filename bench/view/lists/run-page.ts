import { usable } from "../../analysis/cell/verdict.ts";
import { drawIntervals } from "../../report/formats/interval-picture.ts";
import type { Notice } from "../../report/tables/document.ts";
import { noticeOf } from "../../report/tables/notice.ts";
import { absent, estimateText, numberText } from "../../report/tables/number-text.ts";
import { sweepDocument } from "../../report/tables/sweep-document.ts";
import type { ReportModel } from "../../report/model/report-model.ts";
import type { NextCommand } from "../../store/next-command.ts";
import {
  episodeAddress,
  episodesAddress,
  eventsAddress,
  pairsAddress,
  reportAddress,
  runAddress,
} from "../addresses.ts";
import { html, trusted, type Html } from "../html.ts";
import { viewPage } from "../page-frame.ts";
import type { EpisodeRow } from "../../store/episode-columns.ts";
import type { CellFacts, RunFacts } from "../run-facts.ts";
import { listTable, simulatedLine, stateMark, type ListColumn } from "./list-table.ts";
import { differs, pairsOf } from "./pairs.ts";
import { paceText } from "./pace.ts";

/** What a run page shows beside the run's own facts. */
export interface RunExtras {
  /** The stored report of the last call, where there is one that can be read. */
  readonly report: ReportModel | null;
  /** Whether there is a page of it. */
  readonly hasPage: boolean;
  readonly next: NextCommand | null;
  /** The first failed episode of each part, with what it said. */
  readonly failures: readonly {
    readonly failure: string;
    readonly count: number;
    readonly first: EpisodeRow;
    readonly message: string;
  }[];
}

/** `/runs/NAME`: what the run is, how far, whether it can be used, what it says, its cells, and where to look next. */
export function runPage(run: RunFacts, extras: RunExtras): string {
  const { identity, name } = run;
  return viewPage({
    title: name,
    trail: [{ name, address: runAddress(name) }],
    events: eventsAddress(name, run.version),
    body: html`<header>
        <h1>${name}</h1>
        ${simulatedLine(identity)} ${identity.note === "" ? null : html`<p>${identity.note}</p>`}
        <p>
          ${identity.replay === undefined ? `${identity.agent.name} ${identity.agent.version}; ` : null}
          ${identity.host.cpuCount} x
          ${identity.host.cpuModel}${identity.host.gpus.length > 0 ? `, ${identity.host.gpus.join(", ")}` : ""};
          ${identity.createdAt.replace("T", " ").replace(/\.\d+Z$/, "Z")}
        </p>
      </header>
      <main>
        <div id="progress" data-live>${progress(run, extras)}</div>
        ${
          identity.replay === undefined
            ? html`<div id="answer" data-live>${answer(run, extras)}</div>
                <div id="failures" data-live>${failureList(run, extras)}</div>
                <section>
                  <h2>Cells</h2>
                  <div id="cells" data-live>${cellTable(run)}</div>
                </section>
                <section>
                  <h2>Episodes</h2>
                  <div id="looks" data-live>${looks(run)}</div>
                </section>`
            : replayPart(run, extras)
        }
      </main>`,
  });
}

function progress(run: RunFacts, { next }: RunExtras): Html {
  const failed = run.rows.filter(({ status }) => status === "failed").length;
  const pace = run.state === "running" ? paceText(run) : null;
  return html`<p class="progress">
      ${stateMark(run.state)}${howFar(run)}${failed === 0 ? null : html` <span class="bad">${failed} failed</span>`}${pace === null ? null : html` <span>${pace}</span>`}
    </p>
    ${run.error === null ? null : html`<p class="bad">${run.error}</p>`}
    ${next === null || run.state === "running" ? null : html`<p>To ${next.why}: <code>${next.command}</code></p>`} `;
}

function howFar({ identity, rows, cells }: RunFacts): Html {
  const planned = cells.reduce((sum, { planned: cell }) => sum + cell.episodeIds.length, 0);
  const finished = `${rows.length} of ${planned}`;
  if (identity.replay !== undefined) return html` <span>a replay of recorded requests</span>`;
  // Of a search nobody knows how many there will be.
  if (identity.search !== undefined)
    return html` <span
      >${identity.search}: ${finished} episodes of ${cells.length} cells so far, which are decided on one by
      one</span
    >`;
  return html` <span>${finished} episodes</span>
    <progress max="${Math.max(1, planned)}" value="${rows.length}">${finished}</progress>`;
}

/** First whether the numbers may be used, then what the arms add, then the whole report. */
function answer(run: RunFacts, extras: RunExtras): Html {
  const picture = extras.report === null ? null : sweepDocument(extras.report).page.intervals;
  const isDrawn = picture?.groups.some(({ rows }) => rows.some(({ interval }) => interval !== null)) === true;
  return html`${notice(run, extras)}
  ${isDrawn && picture !== null ? html`<section>${trusted(drawIntervals(picture))}</section>` : null}${reportLink(run, extras)}`;
}

/** By the report, which knows every cell; before there is one, by the cells that have ended. */
function notice(run: RunFacts, { report }: RunExtras): Html | null {
  const isOver = run.state !== "running";
  const ended = run.cells.flatMap(({ summary }) => summary ?? []);
  const cells = isOver && report !== null ? report.cells : ended;
  const found = noticeOf({
    run: { runId: run.identity.runId },
    // A cell that is not whole yet is no bad one.
    cells: isOver ? cells : cells.filter(({ verdict }) => verdict !== "interrupted"),
  });
  if (found === null) return null;
  const missing = run.cells.length - cells.length;
  return noticePart(
    missing === 0 ? found : { ...found, heading: `${found.heading}; ${missing} more have not ended` },
  );
}

function reportLink(run: RunFacts, { hasPage }: RunExtras): Html {
  const link = (name: string) => html`<a href="${reportAddress(run.name)}">${name}</a>`;
  const anew = html`<code>tollgate report ${run.directory}</code>`;
  if (run.ended && hasPage)
    return html`<p>
      ${link("The whole report")}: what the arms add, how fast the service was, and why to trust it.
    </p>`;
  if (run.state === "running")
    return html`<p class="soft">
      The report is written when the run ends.${hasPage ? html` ${link("That of an earlier call")}` : null}
    </p>`;
  return hasPage
    ? html`<p>${link("The report")} is that of an earlier call of the command. ${anew} writes it anew.</p>`
    : html`<p>There is no report yet. ${anew} writes it.</p>`;
}

function replayPart(run: RunFacts, extras: RunExtras): Html {
  const source = run.identity.replay?.source.runId ?? "";
  return html`<p>Its requests are those of ${source}; it has no episodes.</p>
    ${reportLink(run, extras)}`;
}

function noticePart({ heading, meaning, groups, advice }: Notice): Html {
  const list = (sentences: readonly string[]) =>
    html`<ul>
      ${sentences.map((sentence) => html`<li>${sentence}</li>`)}
    </ul>`;
  return html`<section class="notice">
    <h2>${heading}</h2>
    <p>${meaning}</p>
    ${groups.map(
      (group) =>
        html`<h3>${group.heading}</h3>
          ${list(group.sentences)}`,
    )}
    ${
      advice.length === 0
        ? null
        : html`<h3>What to do</h3>
            ${list(advice)}`
    }
  </section>`;
}

function failureList(run: RunFacts, { failures }: RunExtras): Html | null {
  if (failures.length === 0) return null;
  return html`<section>
    <h2>Failures</h2>
    <ul>
      ${failures.map(
        ({ failure, count, first, message }) =>
          html`<li>
            <a href="${episodesAddress(run.name, { status: "failed", failure: failure })}"
              >${count} ${failure}</a
            >, the first
            <a class="id" href="${episodeAddress(run.name, first.episodeId)}">${first.episodeId}</a>:
            ${message.slice(0, messageCharactersMax)}${message.length > messageCharactersMax ? "…" : ""}
          </li>`,
      )}
    </ul>
  </section>`;
}

const messageCharactersMax = 400;

function cellTable(run: RunFacts): Html {
  const of = (cell: CellFacts, more: Readonly<Record<string, string>> = {}) =>
    episodesAddress(run.name, { cell: cell.planned.cellId, ...more });
  const columns: readonly ListColumn<CellFacts>[] = [
    { head: "cell", align: "left", cell: ({ planned }) => planned.cellId },
    { head: "arm", align: "left", cell: ({ planned }) => planned.arm },
    {
      head: "load",
      align: "left",
      cell: ({ planned }) => planned.load,
      meaning: "`closed:N`: N episodes at a time; `open:R`: R begin per second",
    },
    { head: "state", align: "left", cell: ({ state }) => stateMark(state) },
    { head: "verdict", align: "left", cell: verdictPart },
    {
      head: "episodes",
      align: "right",
      cell: (cell) => html`<a href="${of(cell)}">${cell.finished}/${cell.planned.episodeIds.length}</a>`,
    },
    {
      head: "passed",
      align: "right",
      cell: ({ passed, judged, summary }) =>
        judged === 0 ? absent : `${passed}/${judged}${coveredPart(summary?.coverage)}`,
      meaning:
        "reward 1, of those that have a reward; in brackets the tasks that have one, of all that the workload's data has",
    },
    {
      head: "failed",
      align: "right",
      cell: (cell) =>
        cell.failed === 0
          ? "0"
          : html`<a class="bad" href="${of(cell, { status: "failed" })}">${cell.failed}</a>`,
    },
    {
      head: "TTFT p50 ms",
      align: "right",
      cell: ({ summary }) => (summary === null ? absent : estimateText(summary.ttftMs.p50)),
    },
    {
      head: "E2E p50 ms",
      align: "right",
      cell: ({ summary }) => (summary === null ? absent : estimateText(summary.e2eMs.p50)),
    },
    {
      head: "s/episode p50",
      align: "right",
      cell: ({ summary }) => (summary === null ? absent : estimateText(summary.episodeSeconds.p50)),
    },
    {
      head: "ep/min",
      align: "right",
      cell: ({ summary }) => (summary === null ? absent : numberText(summary.rates.episodesPerMinute.value)),
    },
  ];
  return listTable("Cells", columns, run.cells);
}

function verdictPart({ verdict, summary }: CellFacts): Html {
  if (verdict === null) return html`${absent}`;
  const reasons = (summary?.reasons ?? []).map((reason) => `${reason.verdict}: ${reason.detail}`);
  const doubtful = !usable.has(verdict as "valid") || reasons.length > 0;
  return doubtful && reasons.length > 0
    ? html`<details class="why">
        <summary>${stateMark(verdict)}</summary>
        ${reasons.map((reason) => html`<p>${reason}</p>`)}
      </details>`
    : stateMark(verdict);
}

/** The ways into the episodes. */
function looks(run: RunFacts): Html {
  const { name, rows } = run;
  const pairs = pairsOf(rows);
  const unlike = pairs.filter(differs).length;
  const nothing = rows.filter(({ reward }) => reward !== null && Math.abs(reward) <= 1e-6).length;
  const slow = episodesAddress(name, { slow: "cell", sort: "-seconds" });
  return html`<ul>
    <li><a href="${episodesAddress(name)}">All ${rows.length} finished episodes</a>, with filters</li>
    <li><a href="${slow}">The slowest 5 % of each cell</a></li>
    <li><a href="${episodesAddress(name, { reward: "0" })}">Those with reward 0</a>: ${nothing}</li>
    ${
      pairs.length === 0
        ? null
        : html`<li>
              <a href="${pairsAddress(name)}">Tasks that came to another end in another arm</a>: ${unlike} of
              ${pairs.length}
            </li>
            <li>
              <a href="${pairsAddress(name, { differs: "all", sort: "seconds" })}"
                >Tasks whose arms differ most in time</a
              >
            </li>`
    }
  </ul>`;
}

/** Nothing where no whole is known, or the cell is not summarised yet. */
function coveredPart(coverage: NonNullable<CellFacts["summary"]>["coverage"]): string {
  return coverage === undefined ? "" : ` (${coverage.text})`;
}
