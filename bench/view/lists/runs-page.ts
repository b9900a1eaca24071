import { absent } from "../../report/tables/number-text.ts";
import { eventsAddress, reportAddress, runAddress } from "../addresses.ts";
import { html } from "../html.ts";
import { viewPage } from "../page-frame.ts";
import { listTable, pager, stateMark, type ListColumn } from "./list-table.ts";

/** A run in the list of a folder. */
export interface ListedFacts {
  readonly name: string;
  readonly createdAt: string;
  readonly note: string;
  readonly stack: string;
  readonly simulated: boolean;
  /** What it is made of; a replay says neither. */
  readonly counts: "episodes" | "steps" | "replay";
  readonly state: string;
  readonly finished: number;
  readonly planned: number;
  readonly failed: number;
  /** The worst of its cells, and how many of them have it; null before a cell has one. */
  readonly verdict: { readonly worst: string; readonly cells: number; readonly of: number } | null;
  readonly hasPage: boolean;
}

export interface RunsFolder {
  readonly path: string;
  readonly version: string;
  /** Of this page. */
  readonly runs: readonly ListedFacts[];
  /** Damaged ones, with what is wrong: to leave them out would hide them. */
  readonly unreadable: readonly { readonly name: string; readonly message: string }[];
  readonly page: number;
  readonly pages: number;
  /** Of all pages. */
  readonly count: number;
}

export const runsPerPage = 50;

/** `/`: the runs of a folder, the newest first. */
export function runsPage(folder: RunsFolder): string {
  const { path, version, runs, unreadable, page, pages, count } = folder;
  const addressOf = (to: number) => (to === 1 ? "/" : `/?page=${to}`);
  return viewPage({
    title: "Runs",
    trail: [],
    events: eventsAddress("", version),
    body: html`<main>
      <h1>Runs</h1>
      <p class="soft">${path}</p>
      <div id="runs" data-live>
        ${count === 0 ? html`<p>There is no run in this folder yet. <code>tollgate sweep FILE</code> makes one.</p>` : null}
        ${runs.length === 0 ? null : listTable("Runs", columns, runs)}
        ${runs.some(({ counts }) => counts === "steps") ? html`<p><a href="/v1/eval">Runs of the preference loop below each other</a></p>` : null}
        ${unreadable.map(({ name, message }) => html`<p class="bad">${name} cannot be shown: ${message}</p>`)}
        ${pages > 1 ? pager({ page, pages, count, perPage: runsPerPage, addressOf }) : null}
      </div>
    </main>`,
  });
}

const columns: readonly ListColumn<ListedFacts>[] = [
  { head: "run", align: "left", cell: ({ name }) => html`<a href="${runAddress(name)}">${name}</a>` },
  {
    head: "begun",
    align: "left",
    cell: ({ createdAt }) => createdAt.replace(/:\d\d(\.\d+)?Z$/, "Z").replace("T", " "),
  },
  {
    head: "stack",
    align: "left",
    cell: ({ stack, simulated }) => (simulated ? `${stack}, simulated` : stack),
  },
  { head: "state", align: "left", cell: ({ state }) => stateMark(state) },
  {
    head: "episodes",
    align: "right",
    cell: ({ counts, finished, planned }) =>
      counts === "replay" ? "replay" : `${finished}/${planned}${counts === "steps" ? " steps" : ""}`,
  },
  { head: "failed", align: "right", cell: ({ counts, failed }) => (counts === "episodes" ? failed : absent) },
  {
    head: "verdict",
    align: "left",
    cell: ({ verdict }) =>
      verdict === null ? absent : html`${stateMark(verdict.worst)} ${verdict.cells}/${verdict.of}`,
    meaning:
      "the worst of its cells, and how many of them have it; of a preference loop whether the preferences hold their thresholds",
  },
  {
    head: "report",
    align: "left",
    cell: ({ name, hasPage }) => (hasPage ? html`<a href="${reportAddress(name)}">report</a>` : absent),
  },
  {
    head: "note",
    align: "left",
    cell: ({ note }) => (note === "" ? absent : html`<span class="prose">${note}</span>`),
  },
];
