import { Option, type Command } from "commander";
import { compareRuns, type RunComparison } from "../analysis/compare/compare-runs.ts";
import { comparisonHead, comparisonTables, manifestTable } from "../report/tables/comparison-document.ts";
import { manifestChanges } from "../analysis/compare/manifest.ts";
import { parseThreshold, thresholdGrammar } from "../analysis/compare/threshold.ts";
import { ConfigError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { markdownTable } from "../report/formats/markdown.ts";
import { renderTable } from "../report/formats/terminal.ts";
import { compareScreen } from "../report/screen/compare-screen.ts";
import type { Table } from "../report/tables/table.ts";
import { growHeapSlowly } from "../host/heap-growth.ts";
import { resolveRun } from "../store/list-runs.ts";
import { readRunJson } from "../store/read-run.ts";
import { compareSuite } from "../report/ci/suites.ts";
import { comparedFeedback } from "./feedback-run.ts";
import { isFeedbackRun } from "../feedback/files/read-feedback-run.ts";
import { junitOption, leaveForCi, wantedByCi, type CiFlags } from "./ci-results.ts";
import { collect } from "./experiment.ts";
import { screenText, type Loudness } from "./end-screen.ts";
import { refuseReplay, runsFolder, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";

interface CompareFlags extends RunsFlag, Loudness, CiFlags {
  readonly failOn: readonly string[];
  readonly unlike?: boolean;
  readonly json?: boolean;
  readonly format: "table" | "md";
}

export function register(program: Command, host: Host): void {
  program
    .command("compare <a> <b>")
    .description(
      "what changed from run A to run B: settings first, then rewards, tokens, rates and latencies with intervals",
    )
    .addOption(runsOption("--out, "))
    .option("--fail-on <expression>", "exit 6 unless this limit is kept; may be repeated", collect, [])
    .option(
      "--unlike",
      "compare also where the runs answer different questions (other tasks, agents, engines)",
    )
    .option("-q, --quiet", "print nothing: the exit code says whether the limits are kept")
    .option("-v, --verbose", "print the tables of all quantities before the summary")
    .addOption(new Option("--format <format>", "what to print").choices(["table", "md"]).default("table"))
    .option("--json", "print JSON")
    .addOption(junitOption())
    .addHelpText(
      "after",
      `\nA and B are run directories, names in the folder, @last, or @prev (the run of the same experiment before the other one).\n\n${thresholdGrammar}`,
    )
    .action(async (a: string, b: string, flags: CompareFlags) => {
      growHeapSlowly();
      const thresholds = flags.failOn.map(parseThreshold);
      const { before, after } = await find([a, b], runsFolder(host, flags));
      if (await areFeedback(before, after)) {
        if (flags.failOn.length > 0 || flags.junit !== undefined)
          throw new ConfigError(
            "Two runs of the preference loop have no cells and no intervals between them: leave --fail-on and --junit out. What a run must hold is in its `thresholds`.",
          );
        if (!flags.quiet)
          host.print(await comparedFeedback([before, after], flags.json === true ? "json" : flags.format));
        return;
      }
      for (const directory of [before, after]) await refuseReplay(directory);
      if (!flags.unlike) await refuseUnlike(before, after);
      const comparison = await compareRuns({ before, after }, thresholds);
      if (!flags.quiet) host.print(shownText(host, comparison, flags));
      const open = comparison.thresholds.filter(({ status }) => status !== "kept");
      const judged = new Set(comparison.thresholds.map(({ expression }) => expression));
      const unjudged = thresholds.filter(({ text }) => !judged.has(text));
      for (const { text } of unjudged) host.tell(`--fail-on '${text}': no arm and load is in both runs`);
      const kept = open.length + unjudged.length === 0;
      if (!kept) host.setExitCode(exitCodes.thresholdCrossed);
      if (!wantedByCi(host, flags)) return;
      const suite = compareSuite(
        comparison,
        unjudged.map(({ text }) => text),
      );
      const verdict = thresholds.length === 0 ? "compared" : kept ? "limits kept" : "LIMITS NOT KEPT";
      const text = screenText(host, compareScreen(comparison));
      await leaveForCi(host, flags, { suite, title: `Tollgate compare: ${verdict}`, text });
    });
}

/** `@prev` means the one before the other run; when both are words, the one before the last. */
async function find(
  [a, b]: readonly [string, string],
  runs: string,
): Promise<{ readonly before: string; readonly after: string }> {
  if (a === "@prev") {
    const after = await resolveRun(b, { runs });
    return { before: await resolveRun(a, { runs, than: after }), after };
  }
  const before = await resolveRun(a, { runs });
  return { before, after: await resolveRun(b, b === "@prev" ? { runs, than: before } : { runs }) };
}

/** @throws {ConfigError} where only one of them is a run of the preference loop */
async function areFeedback(before: string, after: string): Promise<boolean> {
  const both = [await isFeedbackRun(before), await isFeedbackRun(after)];
  if (both.includes(true) && both.includes(false))
    throw new ConfigError(
      `${both[0] === true ? before : after} is a run of the preference loop and the other one is not, so they have nothing in common. Compare two of a kind.`,
    );
  return both.includes(true);
}

async function refuseUnlike(before: string, after: string): Promise<void> {
  const changes = manifestChanges(await readRunJson(before), await readRunJson(after));
  const unlike = changes.filter((change) => change.unlike);
  if (unlike.length === 0) return;
  throw new ConfigError(
    `These runs are unlike, so a difference between them has more than one reason:\n${renderTable(manifestTable(unlike))}\nCompare runs that differ in one thing, or say --unlike to see the numbers all the same.`,
  );
}

function shownText(host: Host, comparison: RunComparison, flags: CompareFlags): string {
  if (flags.json) return JSON.stringify(comparison, null, 2);
  if (flags.format === "md") return textOf(comparison, markdownTable);
  const screen = screenText(host, compareScreen(comparison));
  const { columns, colour } = host.output;
  const render = (table: Table) => renderTable(table, columns ?? undefined, colour);
  return flags.verbose ? `${textOf(comparison, render)}\n\n${screen}` : screen;
}

function textOf(comparison: RunComparison, render: (table: Table) => string): string {
  return [
    ...comparisonHead(comparison),
    "",
    ...comparisonTables(comparison).flatMap((table) => [render(table), ""]),
  ]
    .join("\n")
    .trimEnd();
}
