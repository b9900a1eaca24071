import {
  headParts,
  type IntervalPicture,
  type Notice,
  type PictureSection,
  type ReportDocument,
} from "../tables/document.ts";
import { htmlList, htmlTable, idOf, shortTitle } from "./html-table.ts";
import { drawIntervals } from "./interval-picture.ts";
import { pageStyle } from "./page-style.ts";
import { drawPicture } from "./pictures.ts";
import { escapeHtml } from "./svg.ts";

/** A report as one HTML file that loads nothing: styles and pictures are in it. */
export function htmlText(report: ReportDocument): string {
  const { title, simulated, page } = report;
  const { before, after } = headParts({ simulated, head: page.verdict?.head ?? report.head });
  const [heading = "", ...facts] = before;
  const sections = withIds(sectionsOf(report));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${pageStyle}</style>
</head>
<body class="with-contents">
<header><h1>${escapeHtml(heading)}</h1>
${facts.map((fact) => `<p class="simulated">${escapeHtml(fact)}</p>`).join("\n")}
${report.notice === null ? "" : noticeSection(report.notice)}
${after.map((fact) => `<p>${escapeHtml(fact)}</p>`).join("\n")}
${page.next === null ? "" : `<p>${escapeHtml(page.next.what)}: <code>${escapeHtml(page.next.command)}</code></p>`}</header>
${contentsOf(sections)}
<main>
${sections.map(({ id, html }) => html(id)).join("\n")}
</main>
</body>
</html>
`;
}

interface Section {
  readonly title: string;
  readonly html: (id: string) => string;
}

type PlacedSection = Section & { readonly id: string };

/** Two sections may begin with the same words. */
function withIds(sections: readonly Section[]): readonly PlacedSection[] {
  const used = new Map<string, number>();
  return sections.map((section) => {
    const name = idOf(section.title);
    const count = (used.get(name) ?? 0) + 1;
    used.set(name, count);
    return { ...section, id: count === 1 ? name : `${name}-${count}` };
  });
}

/** In the order of reading: whether it can be used, the answer, what stands behind it. */
function sectionsOf({ tables, warnings, definitions, page }: ReportDocument): readonly Section[] {
  const tabled = (table: ReportDocument["tables"][number]) => ({
    title: table.title,
    html: (id: string) => htmlTable(table, id),
  });
  return [
    ...(page.verdict === null ? [] : [verdictSection(page.verdict)]),
    ...tables.slice(0, page.tablesFirst).map(tabled),
    ...(page.intervals === null ? [] : [answerSection(page.intervals, page.answer)]),
    ...page.sections.flatMap(pictureSection),
    ...[...tables.slice(page.tablesFirst), ...page.tables].map(tabled),
    ...(warnings.length === 0 ? [] : [titled("Warnings", htmlList(warnings))]),
    ...(definitions.length === 0 ? [] : [titled("Definitions", definitionList(definitions))]),
  ];
}

function titled(title: string, content: string): Section {
  return {
    title,
    html: (id) => `<section id="${id}"><h2>${escapeHtml(title)}</h2>${content}</section>`,
  };
}

/** Where everything is, for a page that is many screens long. */
function contentsOf(sections: readonly PlacedSection[]): string {
  const links = sections.map(({ title, id }) => `<a href="#${id}">${escapeHtml(shortTitle(title))}</a>`);
  return links.length < 3 ? "" : `<nav aria-label="Contents">${links.join("\n")}</nav>`;
}

function noticeSection({ heading, meaning, groups, advice }: Notice): string {
  const parts = groups.map((group) => `<h3>${escapeHtml(group.heading)}</h3>${htmlList(group.sentences)}`);
  const last = advice.length === 0 ? "" : `<h3>What to do</h3>${htmlList(advice)}`;
  return `<section class="notice"><h2>${escapeHtml(heading)}</h2><p>${escapeHtml(meaning)}</p>${parts.join("\n")}${last}</section>`;
}

function verdictSection({ verdict, reasons }: NonNullable<ReportDocument["page"]["verdict"]>): Section {
  const said = reasons.length === 0 ? "<p>Nothing speaks against these numbers.</p>" : htmlList(reasons);
  return titled(`Verdict: ${verdict}`, said);
}

function answerSection(picture: IntervalPicture, sentences: readonly string[]): Section {
  const said = sentences.length === 0 ? "" : htmlList(sentences, "answer");
  return titled(shortTitle(picture.name), `${said}${drawIntervals(picture)}`);
}

/** Nothing where there is nothing to draw. */
function pictureSection({ title, notes, pictures }: PictureSection): readonly Section[] {
  const drawn = pictures.flatMap((picture) => drawPicture(picture) ?? []);
  if (drawn.length === 0) return [];
  const size = pictures.every(({ kind }) => kind === "over-time") ? "charts small" : "charts";
  const said = notes.length === 0 ? "" : htmlList(notes);
  return [titled(title, `<div class="${size}">${drawn.join("\n")}</div>${said}`)];
}

function definitionList(definitions: ReportDocument["definitions"]): string {
  return `<dl>
${definitions.map(({ term, meaning }) => `<dt>${escapeHtml(term)}</dt><dd>${escapeHtml(meaning)}</dd>`).join("\n")}
</dl>`;
}
