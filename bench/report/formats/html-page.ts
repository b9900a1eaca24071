import { headParts, type Notice, type ReportDocument } from "../tables/document.ts";
import { isDrawn, type Table } from "../tables/table.ts";
import { drawIntervals } from "./interval-picture.ts";
import { drawCurve } from "./curve-picture.ts";
import { drawStack } from "./stack-picture.ts";
import { drawLines } from "./line-picture.ts";
import { escapeHtml } from "./svg.ts";

/** A report as one HTML file that loads nothing: styles and pictures are in it. */
export function htmlText(report: ReportDocument): string {
  const { title, simulated, tables, warnings, definitions, page } = report;
  const { before, after } = headParts({ simulated, head: page.verdict?.head ?? report.head });
  const [heading = "", ...facts] = before;
  const charts = [
    ...page.lines.flatMap((picture) => drawLines(picture) ?? []),
    ...page.curves.flatMap((picture) => drawCurve(picture) ?? []),
    ...page.stacks.flatMap((picture) => drawStack(picture) ?? []),
  ];
  const tablesBelow = [...tables.slice(page.tablesFirst), ...page.tables];
  const sections = [
    ...(page.verdict === null ? [] : [verdictSection(page.verdict)]),
    ...tables.slice(0, page.tablesFirst).map(htmlTable),
    ...(page.intervals === null ? [] : [`<section>${drawIntervals(page.intervals)}</section>`]),
    ...(charts.length === 0 ? [] : [`<section class="charts">${charts.join("\n")}</section>`]),
    contentsOf(tablesBelow),
    ...tablesBelow.map(htmlTable),
    ...(warnings.length === 0 ? [] : [`<section><h2>Warnings</h2>${htmlList(warnings)}</section>`]),
    ...(definitions.length === 0 ? [] : [definitionSection(definitions)]),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${escapeHtml(heading)}</h1>
${facts.map((fact) => `<p class="simulated">${escapeHtml(fact)}</p>`).join("\n")}
${report.notice === null ? "" : noticeSection(report.notice)}
${after.map((fact) => `<p>${escapeHtml(fact)}</p>`).join("\n")}</header>
<main>
${sections.join("\n")}
</main>
</body>
</html>
`;
}

/** Where the tables are, for a page that is many screens long. */
function contentsOf(tables: readonly Table[]): string {
  const links = tables.map(({ title }) => `<a href="#${idOf(title)}">${escapeHtml(shortTitle(title))}</a>`);
  return links.length < 3 ? "" : `<nav aria-label="Tables">${links.join(" ")}</nav>`;
}

function shortTitle(title: string): string {
  return title.split(/[:,(]/)[0]?.trim() ?? title;
}

function idOf(title: string): string {
  return shortTitle(title)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-");
}

function noticeSection({ heading, meaning, groups, advice }: Notice): string {
  const parts = groups.map((group) => `<h3>${escapeHtml(group.heading)}</h3>${htmlList(group.sentences)}`);
  const last = advice.length === 0 ? "" : `<h3>What to do</h3>${htmlList(advice)}`;
  return `<section class="notice"><h2>${escapeHtml(heading)}</h2><p>${escapeHtml(meaning)}</p>${parts.join("\n")}${last}</section>`;
}

function verdictSection({ verdict, reasons }: NonNullable<ReportDocument["page"]["verdict"]>): string {
  const said = reasons.length === 0 ? "<p>Nothing speaks against these numbers.</p>" : htmlList(reasons);
  return `<section><h2>Verdict: ${escapeHtml(verdict)}</h2>${said}</section>`;
}

function definitionSection(definitions: ReportDocument["definitions"]): string {
  return `<section><h2>Definitions</h2><dl>
${definitions.map(({ term, meaning }) => `<dt>${escapeHtml(term)}</dt><dd>${escapeHtml(meaning)}</dd>`).join("\n")}
</dl></section>`;
}

function htmlTable(content: Table): string {
  const { title, columns, rows, notes } = content;
  const cell = (tag: "td" | "th", text: string, index: number) => {
    const scope = tag === "th" ? ' scope="col"' : "";
    const { meaning } = columns[index] ?? {};
    const hover = tag === "td" || meaning === undefined ? "" : ` title="${escapeHtml(meaning)}"`;
    return `<${tag}${scope}${hover} class="${columns[index]?.align ?? "left"}">${escapeHtml(text).replaceAll("\n", "<br>")}</${tag}>`;
  };
  const head = columns.map((column, index) => cell("th", column.head, index)).join("");
  const body = rows
    .map((row) => `<tr>${row.map((text, index) => cell("td", text, index)).join("")}</tr>`)
    .join("\n");
  const table = `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(title)}"><table><thead><tr>${head}</tr></thead>
<tbody>
${body}
</tbody></table></div>
`;
  return `<section id="${idOf(title)}"><h2>${escapeHtml(title)}</h2>
${isDrawn(content) ? table : ""}${notes.length === 0 ? "" : htmlList(notes)}</section>`;
}

function htmlList(items: readonly string[]): string {
  return `<ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join("")}</ul>`;
}

const style = `
:root { color-scheme: light dark; --ink: #1d1d1f; --soft: #66666b; --line: #d8d8dc; --paper: #ffffff;
  --bad: #b3261e; --s0: #0b5fa5; --s1: #c2500a; --s2: #2c7a3f; --s3: #8a3fa0; --s4: #7a6a00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececee; --soft: #a2a2a8; --line: #3a3a3f; --paper: #17171a;
    --bad: #ff8a80; --s0: #6db3f2; --s1: #ff9d5c; --s2: #77cc8c; --s3: #d29be6; --s4: #d9c74a; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin-top: 2rem; }
header p { margin: 0.1rem 0; color: var(--soft); } header .simulated { color: var(--ink); font-weight: 600; }
.notice { border: 2px solid var(--bad); border-left-width: 10px; padding: 0 1rem; margin: 0.8rem 0; overflow-wrap: anywhere; }
.notice p { color: var(--ink); margin: 0; } .notice h2 { color: var(--bad); margin: 0.6rem 0; } .notice h3 { font-size: 1rem; margin: 0.6rem 0 0; } .notice ul { color: var(--ink); margin: 0.2rem 0 0.6rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: 0.25rem 0.6rem; vertical-align: top; white-space: nowrap; }
th { color: var(--soft); font-weight: 600; } .left { text-align: left; } .right { text-align: right; }
ul { color: var(--soft); padding-left: 1.2rem; } dt { font-weight: 600; } dd { margin: 0 0 0.4rem 1.2rem; color: var(--soft); }
main { margin-top: 1.5rem; } .charts { display: flex; flex-wrap: wrap; gap: 1.5rem 2.5rem; } figure { margin: 0; } .charts figure { max-width: 520px; } figcaption { color: var(--soft); }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
svg .axis, svg .grid { stroke: var(--line); } svg .axis { stroke: var(--soft); }
${[0, 1, 2, 3, 4].map((index) => `.s${index} { stroke: var(--s${index}); fill: var(--s${index}); }`).join("\n")}
svg { max-width: 100%; height: auto; } svg .part { stroke: var(--paper); stroke-width: 1; } svg .pale { fill-opacity: 0.45; } svg polyline.front { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 5 4; }
th[title] { text-decoration: underline dotted; text-underline-offset: 3px; cursor: help; }
nav { display: flex; flex-wrap: wrap; gap: 0.3rem 1.2rem; margin-top: 2rem; } a { color: var(--s0); }
@media print { .scroll { overflow: visible; } nav { display: none; } section, figure { break-inside: avoid; } }
/* Stronger than the colour of the series, which would fill the area under the line. */
svg polyline[class] { fill: none; stroke-width: 2; }
`;
