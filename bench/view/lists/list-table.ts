import { html, type Html, type HtmlPart } from "../html.ts";

/** A column of a list: what it shows of a row, and the address that sorts by it. */
export interface ListColumn<Row> {
  readonly head: string;
  readonly align: "left" | "right";
  readonly cell: (row: Row) => HtmlPart;
  /** What it means, where the head does not say it. */
  readonly meaning?: string | null;
  readonly sort?: { readonly address: string; readonly now: "ascending" | "descending" | null } | undefined;
}

/** A table that scrolls by itself where it is wider than the page. The first cell of a row names it. */
export function listTable<Row>(
  label: string,
  columns: readonly ListColumn<Row>[],
  rows: readonly Row[],
): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">
    <table>
      <thead>
        <tr>
          ${columns.map(headCell)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${columns.map((column, at) => bodyCell(column, row, at))}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

function headCell<Row>({ head, align, meaning = null, sort }: ListColumn<Row>): Html {
  const title = meaning === null ? null : html` title="${meaning}"`;
  const sorted = sort?.now == null ? null : html` aria-sort="${sort.now}"`;
  const mark =
    sort?.now == null
      ? null
      : html`<span aria-hidden="true">${sort.now === "ascending" ? " ▲" : " ▼"}</span>`;
  const text = sort === undefined ? html`${head}` : html`<a href="${sort.address}">${head}</a>`;
  return html`<th scope="col" class="${align}" ${title}${sorted}>${text}${mark}</th>`;
}

function bodyCell<Row>({ align, cell }: ListColumn<Row>, row: Row, at: number): Html {
  return at === 0
    ? html`<th scope="row" class="${align}">${cell(row)}</th>`
    : html`<td class="${align}">${cell(row)}</td>`;
}

/** Where one is in a long list, and the way through it. */
export function pager(shown: {
  readonly page: number;
  readonly pages: number;
  readonly count: number;
  readonly perPage: number;
  readonly addressOf: (page: number) => string;
}): Html {
  const { page, pages, count, perPage, addressOf } = shown;
  const first = (page - 1) * perPage + 1;
  const step = (to: number, text: string, rel: string) =>
    to < 1 || to > pages || to === page
      ? html`<span class="soft">${text}</span>`
      : html`<a href="${addressOf(to)}" rel="${rel}">${text}</a>`;
  const range = count === 0 ? "none" : `${first}–${Math.min(count, first + perPage - 1)} of ${count}`;
  if (pages <= 1) return html`<p class="pager">${range}</p>`;
  return html`<nav class="pager" aria-label="Pages">
    ${step(1, "first", "first")} ${step(page - 1, "previous", "prev")}
    <span>${range}</span> ${step(page + 1, "next", "next")} ${step(pages, "last", "last")}
  </nav>`;
}

/** A word about a state, with a mark beside its colour. */
export function stateMark(word: string): Html {
  const tone = toneOf(word);
  return html`<span class="state ${tone}">${word}</span>`;
}

function toneOf(word: string): string {
  if (/^(complete|completed|valid|held)$/.test(word)) return "good";
  if (word === "running") return "live";
  if (word === "planned") return "soft";
  if (/^(client-limited|timed-out|cannot tell)$/.test(word)) return "doubt";
  return "bad";
}

/** What no page with times may leave out. */
export function simulatedLine(
  { simulated }: { readonly simulated: boolean },
  words = "Simulated engines: no GPU times.",
): Html | null {
  return simulated ? html`<p class="simulated">${words}</p>` : null;
}
