import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { ConfigError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { renderByteCheck } from "../report/views/byte-check-text.ts";
import { checkRunFidelity } from "../analysis/bytes/check-run-fidelity.ts";
import { fidelityReasons } from "../analysis/cell/cell-fidelity.ts";
import { fidelityTables } from "../report/tables/fidelity-table.ts";
import { checkRunBytes } from "../analysis/bytes/check-run-bytes.ts";
import { renderConversation } from "../report/views/conversation.ts";
import { episodesTable, inspectEpisode } from "../report/views/inspect.ts";
import { renderTable } from "../report/formats/terminal.ts";
import { renderTokens } from "../report/views/token-listing.ts";
import { rebuildReport, renderReport, reportFormats, type ReportFormat } from "../report/rebuild.ts";
import { rebuildReplay, renderReplay } from "../report/rebuild.ts";
import { readRunJson } from "../store/read-run.ts";
import { readJudgedRun } from "../store/judgements.ts";
import { findRun, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";
import { writeResult } from "./write-result.ts";

/** Commands that read a finished (or running) run directory. */
export function register(program: Command, host: Host): void {
  program
    .command("report <run>")
    .description("rebuild a run's report from its records and evidence, and print it")
    .addOption(new Option("--format <format>", "what to print").choices(reportFormats).default("table"))
    .option("-o, --out <file>", "write here instead of standard output")
    .option("--seed-table", "add the table of the published comparison: one row per concurrency and trial")
    .addOption(runsOption())
    .action(async (run: string, flags: ReportFlags) => {
      const choice = { seed: flags.seedTable === true };
      const directory = await findRun(host, run, flags);
      const text =
        (await readRunJson(directory)).replay === undefined
          ? renderReport(await rebuildReport(directory, choice), flags.format, choice)
          : await replayText(directory, flags.format);
      if (flags.out === undefined) host.print(text);
      else await writeResult(resolve(host.workingDirectory, flags.out), text);
    });

  program
    .command("inspect <run> [episode]")
    .description(
      "an episode as a conversation: tool calls, tokens, times, reward; without an episode, the list of them",
    )
    .option(
      "--bytes",
      "check instead that every request at the inner tap equals the transcript, byte for byte, and that requests (sampling, tools, limits) and answers are the same on both sides of every arm",
    )
    .option(
      "--tokens",
      "add token ids, logprobs and mask of every model call, as a recording gateway kept them",
    )
    .addOption(runsOption())
    .action(async (run: string, episode: string | undefined, flags: InspectFlags) => {
      const directory = await findRun(host, run, flags);
      if (!flags.bytes) {
        host.print(await inspected(directory, episode, flags));
        return;
      }
      const check = await checkRunBytes(directory);
      const arms = await checkRunFidelity(directory);
      host.print(
        [renderByteCheck(check), ...fidelityTables(arms).map((table) => renderTable(table))].join("\n\n"),
      );
      const altered = arms.some(({ fidelity }) => fidelityReasons(fidelity).length > 0);
      const whole = check.requests > 0 && check.equal === check.requests && !altered;
      host.setExitCode(whole ? exitCodes.ok : exitCodes.resultInvalid);
    });
}

interface InspectFlags extends RunsFlag {
  readonly bytes?: boolean;
  readonly tokens?: boolean;
}

async function inspected(directory: string, episode: string | undefined, flags: InspectFlags) {
  const stored = await readJudgedRun(directory);
  if (episode === undefined) {
    if (flags.tokens)
      throw new ConfigError("--tokens needs an episode: tollgate inspect RUN EPISODE --tokens.");
    return renderTable(episodesTable(stored));
  }
  const inspection = await inspectEpisode(stored, episode);
  const conversation = renderConversation(inspection);
  return flags.tokens
    ? `${conversation}

${renderTokens(inspection.recorded)}`
    : conversation;
}

async function replayText(directory: string, format: ReportFormat): Promise<string> {
  return renderReplay(await rebuildReplay(directory), format);
}

interface ReportFlags extends RunsFlag {
  readonly format: ReportFormat;
  readonly out?: string;
  readonly seedTable?: boolean;
}
