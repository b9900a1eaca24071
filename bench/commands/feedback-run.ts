import { manifestChanges } from "../analysis/compare/manifest.ts";
import { ConfigError } from "../errors.ts";
import { isFeedbackRun, readFeedbackRun } from "../feedback/files/read-feedback-run.ts";
import { compareFeedback, feedbackComparisonTable } from "../feedback/report/compare-feedback.ts";
import { buildFeedbackReport, feedbackReportOf } from "../feedback/report/feedback-report.ts";
import { stepsTable } from "../feedback/report/feedback-tables.ts";
import { stepOf, stepText } from "../feedback/report/step-text.ts";
import { markdownTable } from "../report/formats/markdown.ts";
import { renderTable } from "../report/formats/terminal.ts";
import { manifestTable } from "../report/tables/comparison-document.ts";

/** @throws {ConfigError} for a run of the preference loop, in commands that ask for something it does not have */
export async function refuseFeedback(directory: string, what: string): Promise<void> {
  if (!(await isFeedbackRun(directory))) return;
  throw new ConfigError(
    `${directory} is a run of the preference loop, which has no ${what}: see \`tollgate report ${directory}\`, or its steps with \`tollgate inspect ${directory}\` and \`tollgate view ${directory}\`.`,
  );
}

/** `tollgate inspect` of a run of the preference loop: the list of its steps, or one that `PREFERENCE/STEP` names. */
export async function inspectFeedback(
  directory: string,
  place: string | undefined,
  { json }: { readonly json: boolean },
): Promise<string> {
  const run = await readFeedbackRun(directory);
  if (place === undefined) {
    const report = await feedbackReportOf(run);
    if (json) return JSON.stringify(report.preferences, null, 2);
    return `${renderTable(stepsTable(report))}\nAll of a step: tollgate inspect ${directory} PREFERENCE/STEP`;
  }
  const found = stepOf(run, place);
  if ("known" in found)
    throw new ConfigError(
      `The run has no step ${place}. Give PREFERENCE/STEP; it has ${found.known.join(", ")}.`,
    );
  return json ? JSON.stringify(found.step, null, 2) : stepText(found.step);
}

/** `tollgate compare` of two runs of the preference loop. @throws {ConfigError} where one of them is something else */
export async function comparedFeedback(
  [before, after]: readonly [string, string],
  format: "table" | "md" | "json",
): Promise<string> {
  const [a, b] = [await buildFeedbackReport(before), await buildFeedbackReport(after)];
  const comparison = compareFeedback(a, b);
  const identities = [
    (await readFeedbackRun(before)).identity,
    (await readFeedbackRun(after)).identity,
  ] as const;
  const changes =
    identities[0] === null || identities[1] === null ? [] : manifestChanges(identities[0], identities[1]);
  if (format === "json") return JSON.stringify({ ...comparison, changes }, null, 2);
  const render =
    format === "md" ? markdownTable : (table: Parameters<typeof renderTable>[0]) => renderTable(table);
  return [manifestTable(changes), feedbackComparisonTable(comparison)].map(render).join("\n\n");
}
