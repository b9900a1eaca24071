import type { Table } from "../../report/tables/table.ts";
import { html, type Html } from "../html.ts";

/** A table of the report inside a page of the view. */
export function tableHtml({ title, columns, rows, notes }: Table): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${title}">
      <table>
        <caption>
          ${title}
        </caption>
        <thead>
          <tr>
            ${columns.map(({ head, align }) => html`<th scope="col" class="${align}">${linesHtml(head)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                ${row.map((text, at) => html`<td class="${columns[at]?.align ?? "left"}">${linesHtml(text)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${
      notes.length === 0
        ? null
        : html`<ul>
            ${notes.map((note) => html`<li>${note}</li>`)}
          </ul>`
    }`;
}

function linesHtml(text: string): readonly Html[] {
  return text.split("\n").map((line, at) => html`${at > 0 ? html`<br />` : null}${line}`);
}
