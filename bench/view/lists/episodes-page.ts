import { absent, numberText } from "../../report/tables/number-text.ts";
import { episodeAddress, episodesAddress, eventsAddress, pairAddress, runAddress } from "../addresses.ts";
import { html, type Html } from "../html.ts";
import { viewPage } from "../page-frame.ts";
import type { EpisodeRow } from "../../store/episode-columns.ts";
import { secondsOf, taskText, type RunFacts } from "../run-facts.ts";
import {
  differing,
  filtered,
  slowest,
  statuses,
  tokensOf,
  type ListFilter,
  type SortKey,
} from "./list-filter.ts";
import { listTable, pager, simulatedLine, type ListColumn } from "./list-table.ts";
import { outcomeMark } from "./outcome.ts";

export const episodesPerPage = 100;

/** `/runs/NAME/episodes`: the finished episodes that the filter leaves, a hundred at a time. */
export function episodesPage(run: RunFacts, filter: ListFilter): string {
  const kept = filtered(run.rows, filter);
  const pages = Math.max(1, Math.ceil(kept.length / episodesPerPage));
  const page = Math.min(filter.page, pages);
  const shown = kept.slice((page - 1) * episodesPerPage, page * episodesPerPage);
  const way = () =>
    pager({
      page,
      pages,
      count: kept.length,
      perPage: episodesPerPage,
      addressOf: (to) => addressOf(run, { ...filter, page: to }),
    });
  return viewPage({
    title: `Episodes of ${run.name}`,
    trail: [
      { name: run.name, address: runAddress(run.name) },
      { name: "Episodes", address: episodesAddress(run.name) },
    ],
    events: eventsAddress(run.name, run.version),
    body: html`<main>
      <h1>Episodes of ${run.name}</h1>
      ${simulatedLine(run.identity)}
      <div id="choices" data-live>${choices(run)}</div>
      ${filterForm(run, filter)}
      <div id="episodes" data-live>
        ${way()}
        ${kept.length === 0 ? nothing(run, filter) : listTable("Episodes", columns(run, filter), shown)}
        ${pages > 1 ? way() : null}
      </div>
    </main>`,
  });
}

/** Why a list is empty: nothing of the kind, or nothing yet. */
function nothing(run: RunFacts, filter: ListFilter): Html {
  if (run.rows.length === 0)
    return html`<p>No episode is finished${run.state === "running" ? " yet" : ""}.</p>`;
  const { cell, arm } = filter;
  const unknown = [
    ...(cell !== null && !run.cells.some(({ planned }) => planned.cellId === cell) ? [`cell ${cell}`] : []),
    ...(arm !== null && !run.cells.some(({ planned }) => planned.arm === arm) ? [`arm ${arm}`] : []),
  ];
  const why = unknown.length === 0 ? "" : ` This run has no ${unknown.join(" and no ")}.`;
  return html`<p>None of the ${run.rows.length} finished episodes is so.${why}</p>`;
}

/** What is most often looked for, with how many there are. */
function choices(run: RunFacts): Html {
  const { rows } = run;
  const count = (is: (row: EpisodeRow) => boolean) => rows.reduce((sum, row) => sum + (is(row) ? 1 : 0), 0);
  const all: readonly (readonly [name: string, count: number, query: Readonly<Record<string, string>>])[] = [
    ["all", rows.length, {}],
    ["failed", count(({ status }) => status === "failed"), { status: "failed" }],
    ["timed out", count(({ status }) => status === "timed-out"), { status: "timed-out" }],
    ["reward 0", count(({ reward }) => reward !== null && Math.abs(reward) <= 1e-6), { reward: "0" }],
    ["without a reward", count(({ reward }) => reward === null), { reward: "none" }],
    ["slowest 5 % of their cell", slowest(rows).size, { slow: "cell", sort: "-seconds" }],
    ["another end in another arm", differing(rows).size, { differs: "1", sort: "task" }],
  ];
  return html`<ul class="choices">
    ${all.map(([name, many, query]) =>
      many === 0 && name !== "all"
        ? html`<li class="soft">${name} <b>0</b></li>`
        : html`<li><a href="${episodesAddress(run.name, query)}">${name}</a> <b>${many}</b></li>`,
    )}
  </ul>`;
}

function filterForm(run: RunFacts, filter: ListFilter): Html {
  const cells = run.cells.map(({ planned }) => planned.cellId);
  const arms = [...new Set(run.cells.map(({ planned }) => planned.arm))];
  const failures = [...new Set(run.rows.flatMap(({ failure }) => failure ?? []))];
  const rewards = [
    ["0", "0"],
    ["1", "1"],
    ["partial", "between 0 and 1"],
    ["none", "none"],
  ] as const;
  const slow = filter.slow === null ? null : String(filter.slow);
  return html`<form class="filters" method="get" action="${episodesAddress(run.name)}">
    ${select("arm", named(arms), filter.arm)} ${select("cell", named(cells), filter.cell)}
    ${select("status", named(statuses), filter.status)}
    ${failures.length === 0 ? null : select("failure", named(failures), filter.failure)}
    ${select("reward", rewards, filter.reward)} ${select("slow", [["cell", "slowest 5 % of its cell"]], slow)}
    <label
      >task or episode <input name="task" value="${filter.task ?? ""}" size="16" placeholder="id, or a part"
    /></label>
    <label class="check"
      ><input type="checkbox" name="differs" value="1" ${filter.differs ? html` checked` : null} /> another
      end in another arm</label
    >
    <input type="hidden" name="sort" value="${sortText(filter)}" />
    <button>Show</button> <a href="${episodesAddress(run.name)}">all</a>
  </form>`;
}

const named = (values: readonly string[]) => values.map((value) => [value, value] as const);

function select(
  name: string,
  values: readonly (readonly [value: string, text: string])[],
  chosen: string | null,
): Html {
  // What the address says and no episode has stays to be seen.
  const all =
    chosen === null || values.some(([value]) => value === chosen)
      ? values
      : [...values, [chosen, chosen] as const];
  return html`<label
    >${name}
    <select name="${name}">
      <option value="">any</option>
      ${all.map(
        ([value, text]) =>
          html`<option value="${value}" ${value === chosen ? html` selected` : null}>${text}</option>`,
      )}
    </select></label
  >`;
}

function columns(run: RunFacts, filter: ListFilter): readonly ListColumn<EpisodeRow>[] {
  const arms = new Set(run.cells.map(({ planned }) => planned.arm)).size;
  const sortable = (key: SortKey) => sortOf(run, filter, key);
  return [
    {
      head: "episode",
      align: "left",
      cell: ({ episodeId }) =>
        html`<a class="id" href="${episodeAddress(run.name, episodeId)}">${episodeId}</a>`,
      sort: sortable("end"),
      meaning: "sorted by the order in which they were recorded",
    },
    { head: "cell", align: "left", cell: ({ cellId }) => cellId },
    { head: "task", align: "left", cell: taskText, sort: sortable("task") },
    { head: "trial", align: "right", cell: ({ trial }) => trial },
    { head: "end", align: "left", cell: outcomeMark, sort: sortable("reward"), meaning: "sorted by reward" },
    { head: "s", align: "right", cell: (row) => numberText(secondsOf(row)), sort: sortable("seconds") },
    { head: "steps", align: "right", cell: ({ steps }) => steps },
    {
      head: "tool calls",
      align: "right",
      cell: ({ toolCalls, toolErrors }) =>
        toolErrors === 0 ? toolCalls : `${toolCalls} (${toolErrors} err)`,
      meaning: "err: those whose result was an error",
    },
    {
      head: "tokens",
      align: "right",
      cell: (row) => tokensOf(row) ?? absent,
      sort: sortable("tokens"),
      meaning: "of the agent's requests: prompts and answers, as the servers counted them",
    },
    ...(arms < 2
      ? []
      : [
          {
            head: "",
            align: "left" as const,
            cell: (row: EpisodeRow) => html`<a href="${pairAddress(run.name, row)}">arms side by side</a>`,
          },
        ]),
  ];
}

function sortOf(
  run: RunFacts,
  filter: ListFilter,
  key: SortKey,
): NonNullable<ListColumn<EpisodeRow>["sort"]> {
  const isNow = filter.sort === key;
  const next = { ...filter, sort: key, descending: isNow ? !filter.descending : key !== "task", page: 1 };
  return {
    address: addressOf(run, next),
    now: isNow ? (filter.descending ? "descending" : "ascending") : null,
  };
}

function sortText({ sort, descending }: Pick<ListFilter, "sort" | "descending">): string {
  if (sort === "end" && !descending) return "";
  return `${descending ? "-" : ""}${sort}`;
}

function addressOf(run: RunFacts, filter: ListFilter): string {
  const { status, failure, arm, cell, task, reward, slow } = filter;
  return episodesAddress(run.name, {
    status,
    failure,
    arm,
    cell,
    task,
    reward,
    slow: slow === null ? null : String(slow),
    differs: filter.differs ? "1" : null,
    sort: sortText(filter),
    page: filter.page === 1 ? null : String(filter.page),
  });
}
