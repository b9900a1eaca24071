import { isDrawn, type Table } from "../tables/table.ts";
import { escapeHtml } from "./svg.ts";

/** A table longer than this has a head that stays in sight; one that is longer still is closed at first. */
const [tallRows, closedRows] = [24, 60];

/** A section that can be closed: title, table, what its columns mean, notes. */
export function htmlTable(content: Table, id = idOf(content.title)): string {
  const { title, columns, rows, notes } = content;
  const open = rows.length > closedRows ? "" : " open";
  const shown = isDrawn(content) ? `${tableOf(content)}${columnMeanings(columns)}` : "";
  return `<section id="${id}"><details${open}><summary><h2>${escapeHtml(title)}</h2></summary>
${shown}${notes.length === 0 ? "" : htmlList(notes)}</details></section>`;
}

function tableOf({ title, columns, rows }: Table): string {
  const head = columns.map(({ head: text, align, meaning }) => {
    const hover = meaning === undefined ? "" : ` title="${escapeHtml(meaning)}"`;
    return `<th scope="col"${hover} class="${align}">${lines(text)}</th>`;
  });
  let group = "";
  const body = rows.map((row) => {
    const [first = ""] = row;
    if (first !== "") group = first;
    const cells = row.map((text, index) => {
      const align = columns[index]?.align ?? "left";
      if (index > 0 || align === "right") return `<td class="${align}">${lines(text)}</td>`;
      // A row of a group does not repeat its name; who hears the table is told.
      const heard = text === "" && group !== "" ? ` aria-label="${escapeHtml(group)}"` : "";
      return `<th scope="row"${heard} class="${align}">${lines(text)}</th>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  const tall = rows.length > tallRows ? " tall" : "";
  return `<div class="scroll${tall}" tabindex="0" role="region" aria-label="${escapeHtml(title)}"><table><thead><tr>${head.join("")}</tr></thead>
<tbody>
${body.join("\n")}
</tbody></table></div>
`;
}

/** What a mouse is shown on a head, for everybody else. */
function columnMeanings(columns: Table["columns"]): string {
  const told = columns.flatMap(({ head, meaning }) => (meaning === undefined ? [] : [{ head, meaning }]));
  if (told.length === 0) return "";
  const terms = told.map(
    ({ head, meaning }) =>
      `<dt>${escapeHtml(head.replaceAll("\n", " ").trim() || "kind")}</dt><dd>${escapeHtml(meaning)}</dd>`,
  );
  return `<details class="columns"><summary>What the columns mean</summary><dl>${terms.join("")}</dl></details>
`;
}

function lines(text: string): string {
  return escapeHtml(text).replaceAll("\n", "<br>");
}

export function htmlList(items: readonly string[], kind = ""): string {
  const name = kind === "" ? "" : ` class="${kind}"`;
  return `<ul${name}>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join("")}</ul>`;
}

/** What of a title stands in a list of contents. */
export function shortTitle(title: string): string {
  return title.split(/[:,] | \(/)[0]?.trim() ?? title;
}

/** Where a link leads. */
export function idOf(title: string): string {
  return shortTitle(title)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-");
}
