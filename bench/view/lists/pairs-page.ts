import { placeOf } from "../../store/place.ts";
import { numberText } from "../../report/tables/number-text.ts";
import { episodeAddress, eventsAddress, pairAddress, pairsAddress, runAddress } from "../addresses.ts";
import { html, type Html } from "../html.ts";
import { viewPage } from "../page-frame.ts";
import { secondsOf, taskText, type RunFacts } from "../run-facts.ts";
import { oneOf, readPage, readQuery } from "./list-filter.ts";
import { listTable, pager, simulatedLine, type ListColumn } from "./list-table.ts";
import { outcomeMark } from "./outcome.ts";
import { differs, pairsOf, spreadSeconds, type TaskPair } from "./pairs.ts";

export interface PairFilter {
  /** `end`: another end in another arm. `all`: every task of two arms. */
  readonly differs: "end" | "all";
  readonly load: string | null;
  /** `seconds`: the largest difference in length first. */
  readonly sort: "end" | "seconds";
  readonly page: number;
}

/** Throws ConfigError. */
export function readPairFilter(query: URLSearchParams): PairFilter {
  const of = readQuery(query, ["differs", "load", "sort", "page"]);
  return {
    differs: oneOf("differs", of("differs"), ["end", "all"]) ?? "end",
    load: of("load"),
    sort: oneOf("sort", of("sort"), ["end", "seconds"]) ?? "end",
    page: readPage(of("page")),
  };
}

const pairsPerPage = 100;

/** `/runs/NAME/pairs`: tasks with an episode in each of several arms, those first of all that came to unlike ends. */
export function pairsPage(run: RunFacts, filter: PairFilter): string {
  const all = pairsOf(run.rows).filter(({ load }) => filter.load === null || load === filter.load);
  const kept = sorted(filter.differs === "all" ? all : all.filter(differs), filter);
  const pages = Math.max(1, Math.ceil(kept.length / pairsPerPage));
  const page = Math.min(filter.page, pages);
  const shown = kept.slice((page - 1) * pairsPerPage, page * pairsPerPage);
  const address = (changes: Partial<PairFilter>) => addressOf(run, { ...filter, page: 1, ...changes });
  const choice = (name: string, changes: Partial<PairFilter>, isNow: boolean) =>
    isNow ? html`<li><b>${name}</b></li>` : html`<li><a href="${address(changes)}">${name}</a></li>`;
  const loads = [...new Set(run.cells.map(({ planned }) => placeOf(planned)))];
  const way = () =>
    pager({
      page,
      pages,
      count: kept.length,
      perPage: pairsPerPage,
      addressOf: (to) => address({ page: to }),
    });
  return viewPage({
    title: `Arms side by side, ${run.name}`,
    trail: [
      { name: run.name, address: runAddress(run.name) },
      { name: "Arms side by side", address: pairsAddress(run.name) },
    ],
    events: eventsAddress(run.name, run.version),
    body: html`<main>
      <h1>Arms side by side: ${run.name}</h1>
      ${simulatedLine(run.identity)}
      <ul class="choices">
        ${choice("another end in another arm", { differs: "end" }, filter.differs === "end")}${choice("all", { differs: "all" }, filter.differs === "all")}
      </ul>
      <ul class="choices">
        ${choice("every load", { load: null }, filter.load === null)}${loads.map((load) => choice(load, { load }, filter.load === load))}
      </ul>
      <ul class="choices">
        ${choice("in the order in which they ended", { sort: "end" }, filter.sort === "end")}${choice("largest difference in seconds first", { sort: "seconds" }, filter.sort === "seconds")}
      </ul>
      <div id="pairs" data-live>
        ${way()} ${kept.length === 0 ? nothing(all.length) : listTable("Tasks", columns(run), shown)}
        ${pages > 1 ? way() : null}
      </div>
    </main>`,
  });
}

function nothing(pairs: number): Html {
  return pairs === 0
    ? html`<p>No task has a finished episode in two arms.</p>`
    : html`<p>
        In all ${pairs} tasks with an episode in several arms the end was the same: status and reward.
      </p>`;
}

function sorted(pairs: readonly TaskPair[], { sort }: PairFilter): readonly TaskPair[] {
  if (sort === "end") return pairs;
  return pairs
    .map((pair) => ({ pair, seconds: spreadSeconds(pair) }))
    .sort((a, b) => b.seconds - a.seconds)
    .map(({ pair }) => pair);
}

function columns(run: RunFacts): readonly ListColumn<TaskPair>[] {
  const arms = [...new Set(run.cells.map(({ planned }) => planned.arm))];
  return [
    {
      head: "task",
      align: "left",
      cell: (pair) => html`<a href="${pairAddress(run.name, pair)}">${taskText(pair)}</a>`,
    },
    { head: "trial", align: "right", cell: ({ trial }) => trial },
    { head: "load", align: "left", cell: ({ load }) => load },
    { head: "repetition", align: "right", cell: ({ repetition }) => repetition },
    ...arms.map((arm): ListColumn<TaskPair> => ({
      head: arm,
      align: "left",
      cell: ({ episodes }) =>
        episodes
          .filter((episode) => episode.arm === arm)
          .map(
            (episode) =>
              html`<span class="in-cell"
                >${outcomeMark(episode)} in
                <a href="${episodeAddress(run.name, episode.episodeId)}"
                  >${numberText(secondsOf(episode))} s</a
                ></span
              >`,
          ),
    })),
    {
      head: "difference s",
      align: "right",
      cell: (pair) => numberText(spreadSeconds(pair)),
      meaning: "from the fastest arm to the slowest",
    },
  ];
}

function addressOf(run: RunFacts, { differs: which, load, sort, page }: PairFilter): string {
  return pairsAddress(run.name, {
    differs: which === "end" ? null : which,
    load,
    sort: sort === "end" ? null : sort,
    page: page === 1 ? null : String(page),
  });
}
