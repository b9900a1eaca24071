import type { Command } from "commander";
import { checkRunBytes } from "../analysis/bytes/check-run-bytes.ts";
import { checkRunFidelity } from "../analysis/bytes/check-run-fidelity.ts";
import { fidelityReasons } from "../analysis/cell/cell-fidelity.ts";
import { ConfigError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { isFeedbackRun } from "../feedback/files/read-feedback-run.ts";
import { renderTable } from "../report/formats/terminal.ts";
import { fidelityTables } from "../report/tables/fidelity-table.ts";
import { renderByteCheck } from "../report/views/byte-check-text.ts";
import { renderConversation } from "../report/views/conversation.ts";
import { episodesTable, listEpisodes } from "../report/views/episode-list.ts";
import { inspectEpisode } from "../report/views/inspect.ts";
import { renderTokens } from "../report/views/token-listing.ts";
import { parseRewardTest } from "../store/episode-choice.ts";
import { openEpisodeIndex } from "../store/episode-index.ts";
import { readRunJson } from "../store/read-run.ts";
import { natural, positive } from "./arguments.ts";
import { inspectFeedback } from "./feedback-run.ts";
import { findEpisodes, findRun, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";

interface ListFlags {
  readonly failed?: boolean;
  readonly cell?: string;
  readonly arm?: string;
  readonly task?: string;
  readonly reward?: string;
  readonly limit: number;
  readonly page: number;
  readonly json?: boolean;
}

interface InspectFlags extends RunsFlag, ListFlags {
  readonly bytes?: boolean;
  readonly tokens?: boolean;
}

export function register(program: Command, host: Host): void {
  program
    .command("inspect <run> [episode]")
    .description(
      "an episode as a conversation: tool calls, tokens, times, reward; without an episode, the list of them; of a preference loop PREFERENCE/STEP, or the list of steps",
    )
    .option(
      "--bytes",
      "check instead that every request at the inner tap equals the transcript, byte for byte, and that requests (sampling, tools, limits) and answers are the same on both sides of every arm",
    )
    .option(
      "--tokens",
      "add token ids, logprobs and mask of every model call, as a recording gateway kept them",
    )
    .option("--failed", "list only episodes that a failed part ended")
    .option("--task <id>", "list only those of a task: 12, or airline/12")
    .option("--cell <id>", "list only those of a cell")
    .option("--arm <name>", "list only those of an arm")
    .option("--reward <value>", "list only those with this reward: 1, <0.5, >=0.9, or none")
    .option("--limit <rows>", "rows of a page; 0: all on one page", natural, 200)
    .option("--page <number>", "which page", positive, 1)
    .option("--json", "print the list as JSON")
    .addOption(runsOption())
    .action(async (run: string, episode: string | undefined, flags: InspectFlags) => {
      const found = await findRun(host, run, flags);
      if (await isFeedbackRun(found)) {
        refuseEpisodeFlags(flags);
        host.print(await inspectFeedback(found, episode, { json: flags.json === true }));
        return;
      }
      const directory = await findEpisodes(host, run, flags);
      if (flags.bytes) return await checkBytes(directory, host);
      host.print(
        await (episode === undefined ? listed(directory, flags) : inspected(directory, episode, flags)),
      );
    });
}

/** What of a run with episodes is asked of one that has steps. */
function refuseEpisodeFlags({ bytes, tokens, failed, task, cell, arm, reward }: InspectFlags): void {
  const given = Object.entries({ bytes, tokens, failed, task, cell, arm, reward }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`],
  );
  if (given.length > 0)
    throw new ConfigError(
      `A run of the preference loop has steps and no episodes: leave ${given.join(", ")} out, or give PREFERENCE/STEP.`,
    );
}

async function checkBytes(directory: string, host: Host): Promise<void> {
  const check = await checkRunBytes(directory);
  const arms = await checkRunFidelity(directory);
  host.print(
    [renderByteCheck(check), ...fidelityTables(arms).map((table) => renderTable(table))].join("\n\n"),
  );
  const altered = arms.some(({ fidelity }) => fidelityReasons(fidelity).length > 0);
  const whole = check.requests > 0 && check.equal === check.requests && !altered;
  host.setExitCode(whole ? exitCodes.ok : exitCodes.resultInvalid);
}

async function listed(directory: string, flags: InspectFlags): Promise<string> {
  if (flags.tokens)
    throw new ConfigError("--tokens needs an episode: tollgate inspect RUN EPISODE --tokens.");
  const { failed, task, reward, limit, page } = flags;
  const { runId, cells } = await readRunJson(directory);
  const cell = oneOf(
    "cell",
    flags.cell,
    cells.map(({ cellId }) => cellId),
  );
  const arm = oneOf(
    "arm",
    flags.arm,
    cells.map(({ arm: name }) => name),
  );
  const choice = {
    ...(failed && { failed }),
    ...(cell !== undefined && { cell }),
    ...(arm !== undefined && { arm }),
    ...(task !== undefined && { task }),
    ...(reward !== undefined && { reward: parseRewardTest(reward) }),
  };
  const index = await openEpisodeIndex(directory);
  const list = await listEpisodes({ index, runId }, { choice, limit, page });
  if (page > list.pages)
    throw new ConfigError(`There is no page ${page}: ${list.chosen} episodes fill ${list.pages}.`);
  return flags.json ? JSON.stringify(list, null, 2) : renderTable(episodesTable(list));
}

/** A name that the run does not have would list nothing, as if nothing of that kind had happened. */
function oneOf(what: string, name: string | undefined, names: readonly string[]): string | undefined {
  const known = [...new Set(names)];
  if (name === undefined || known.includes(name)) return name;
  throw new ConfigError(`The run has no ${what} ${name}. It has ${known.join(", ")}.`);
}

async function inspected(directory: string, episode: string, flags: InspectFlags): Promise<string> {
  const { failed, cell, arm, task, reward, json } = flags;
  if (failed || json || [cell, arm, task, reward].some((value) => value !== undefined))
    throw new ConfigError(
      "--failed, --cell, --arm, --task, --reward and --json are for the list of episodes: leave the episode out, or them.",
    );
  const { runId } = await readRunJson(directory);
  const inspection = await inspectEpisode({ index: await openEpisodeIndex(directory), runId }, episode);
  const conversation = renderConversation(inspection);
  return flags.tokens ? `${conversation}\n\n${renderTokens(inspection.recorded)}` : conversation;
}
