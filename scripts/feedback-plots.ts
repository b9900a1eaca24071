#!/usr/bin/env node
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { messageOf } from "../bench/errors.ts";
import { feedbackDocument } from "../bench/feedback/report/feedback-document.ts";
import { buildFeedbackReport } from "../bench/feedback/report/feedback-report.ts";
import { drawPicture } from "../bench/report/formats/pictures.ts";

const usage = `usage: node scripts/feedback-plots.ts RUN [-o FILE]
Draws four plots of a run of the preference loop as one picture, docs/feedback-plots.svg: margin, compliance, TTFT of the first preference
while it is trained, loss. Without -o it is printed.`;

/** Of the report's plots, in the order of reading. */
const shown = [
  /^How far the margin has moved from the baseline$/,
  /^How far answers follow the preference$/,
  /, TTFT p50, ms$/,
  /^Distillation loss$/,
];
const size = { width: 800, height: 700, column: 400, row: 350, margin: 10 } as const;

/** For both grounds of a page that shows it as a picture. */
const style = `<style>svg { color-scheme: light dark; --ink: #1d1d1f; --soft: #66666b; --line: #d8d8dc; --paper: #fff; --bad: #b3261e; --s0: #0b5fa5; --s1: #c2500a; --s2: #2c7a3f; }
@media (prefers-color-scheme: dark) { svg { --ink: #ececee; --soft: #a2a2a8; --line: #3a3a3f; --paper: #17171a; --bad: #ff8a80; --s0: #6db3f2; --s1: #ff9d5c; --s2: #77cc8c; } }
.ground { fill: var(--paper); } text { fill: var(--soft); font: 13px system-ui, sans-serif; } .caption { fill: var(--ink); font-weight: 600; } .axis, .grid { stroke: var(--line); } .axis { stroke: var(--soft); }
.s0 { stroke: var(--s0); fill: var(--s0); } .s1 { stroke: var(--s1); fill: var(--s1); } .s2 { stroke: var(--s2); fill: var(--s2); }
.limit { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 7 4; } text.over { paint-order: stroke; stroke: var(--paper); stroke-width: 4; } polyline[class] { fill: none; stroke-width: 2; }</style>`;

/** @throws for a run that lacks one of the plots */
async function plotsOf(run: string): Promise<string> {
  const { page } = feedbackDocument(await buildFeedbackReport(run));
  const pictures = (page?.sections ?? []).flatMap((section) => section.pictures);
  const figures = shown.map((title) => {
    const picture = pictures.find((one) => "title" in one && title.test(one.title));
    const drawn = picture === undefined ? null : drawPicture(picture);
    if (picture === undefined || !("title" in picture) || drawn === null)
      throw new Error(`${run} has no plot ${title.source}. Give a run of experiments/feedback-laptop.yaml.`);
    return { title: picture.title, inner: /<svg[^>]*>\n([\s\S]*?)\n<\/svg>/.exec(drawn)?.[1] ?? "" };
  });
  const placed = figures.map(({ title, inner }, at) => {
    const [x, y] = [size.margin + (at % 2) * size.column, size.margin + Math.floor(at / 2) * size.row];
    return `<g transform="translate(${x} ${y})"><text class="caption" x="0" y="12">${title}</text><g transform="translate(0 20)">${inner}</g></g>`;
  });
  const { width, height } = size;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Four plots of a run of experiments/feedback-laptop.yaml">
${style}
<rect class="ground" width="${width}" height="${height}"/>
${placed.join("\n")}
</svg>
`;
}

try {
  const { values, positionals } = parseArgs({
    options: { out: { type: "string", short: "o" }, help: { type: "boolean", short: "h", default: false } },
    allowPositionals: true,
  });
  const [run, ...more] = positionals;
  if (values.help) console.log(usage);
  else if (run === undefined || more.length > 0) throw new Error(`Name one run.\n${usage}`);
  else if (values.out === undefined) process.stdout.write(await plotsOf(run));
  else writeFileSync(values.out, await plotsOf(run));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 2;
}
