import { htmlList, htmlPage, htmlTable } from "./html-page.ts";
import { escapeHtml } from "./html-text.ts";
import type { Comparison } from "../../analysis/replay/comparison.ts";
import { replayHead, replayTables, stackTable } from "../tables/replay-tables.ts";
import type { StoredReplay } from "../model/stored-replay.ts";
import { intervalPicture, type PictureGroup, type PictureRow } from "./interval-picture.ts";

/** A replay's report as one HTML file that loads nothing: verdict, picture, tables, stack. Pure. */
export function replayPage(report: StoredReplay): string {
  const head = replayHead(report);
  return htmlPage({
    title: report.runId,
    // The verdict has a section of its own, with all its reasons.
    head: head.slice(0, head.indexOf(`verdict: ${report.verdict}`)),
    simulated: report.simulated,
    body: [
      verdictSection(report),
      picture(report),
      ...replayTables(report).map(htmlTable),
      htmlTable(stackTable(report)),
    ].join("\n"),
  });
}

function verdictSection({ verdict, reasons }: StoredReplay): string {
  const said =
    reasons.length === 0
      ? "<p>Nothing speaks against these numbers.</p>"
      : htmlList(reasons.map(({ verdict, detail }) => `${verdict}: ${detail}`));
  return `<section><h2>Verdict: ${escapeHtml(verdict)}</h2>${said}</section>`;
}

function picture(report: StoredReplay): string {
  const baseline = report.plan.arms[0]?.label ?? "the baseline";
  const percent = Number((100 * report.confidence).toFixed(2));
  return intervalPicture(picturedDifferences(report), {
    name: `E2E difference to ${baseline}, ms per request`,
    caption: `E2E difference to ${baseline}, ms per request: estimate and ${percent} % interval. Filled: what is compared. Hollow circle: ${baseline} again (A/A), the floor. Hollow square: a proxy that does nothing (placebo).`,
    axis: `ms: left of 0 the arm is faster than ${baseline}, right of 0 slower`,
  });
}

/** A group per cell's setting, a row per arm in it: in the order of the tables. */
export function picturedDifferences({
  plan,
  comparisons,
}: Pick<StoredReplay, "plan" | "comparisons">): readonly PictureGroup[] {
  return plan.settings.map(({ key }) => {
    const own = comparisons.filter(({ setting }) => setting.key === key);
    const blocks = Math.max(0, ...own.map(({ blocks }) => blocks));
    return { title: `${key}, ${blocks} blocks`, rows: own.map(rowOf) };
  });
}

function rowOf({ arm, metrics: { e2e } }: Comparison): PictureRow {
  const suffix = { again: " (A/A floor)", placebo: " (placebo)", compared: "", baseline: "" }[arm.part];
  return {
    label: `${arm.label}${suffix}`,
    mark: arm.part === "baseline" ? "again" : arm.part,
    interval: e2e.interval,
    absent: e2e.count === 0 ? "absent: no pairs" : "absent: too few blocks",
    count: e2e.count,
  };
}
