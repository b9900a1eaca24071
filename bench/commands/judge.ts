import type { Command } from "commander";
import { judgeRun, type JudgeOptions, type RunJudgement } from "../../openclaw-tau2/offline/judge.ts";
import { positive } from "./arguments.ts";
import { ConfigError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { systemClock } from "../measure/clock.ts";
import { rebuildReport } from "../report/rebuild.ts";
import { findEpisodes, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";

interface JudgeFlags extends RunsFlag {
  readonly url?: string;
  readonly model?: string;
  readonly apiKeyEnv?: string;
  readonly lenient?: boolean;
  readonly redo?: boolean;
  readonly concurrency: number;
  readonly json?: boolean;
}

export function register(program: Command, host: Host): void {
  program
    .command("judge <run>")
    .description(
      "ask a model about the natural-language assertions of a finished run; exit code 1 when any episode stays unjudged",
    )
    .option("--url <url>", "OpenAI-compatible server (default: the experiment's workload.judge)")
    .option("--model <name>", "model to ask")
    .option("--api-key-env <name>", "environment variable that holds the server's API key")
    .option("--lenient", "accept an answer in a code fence, which tau2 does not")
    .option("--redo", "judge again what has been judged")
    .option("--concurrency <n>", "requests in flight", positive, 4)
    .addOption(runsOption())
    .option("--json", "print JSON")
    .action(async (run: string, flags: JudgeFlags) => {
      const directory = await findEpisodes(host, run, flags);
      const judgement = await judgeRun(directory, {
        endpoint: endpointOf(flags),
        environment: host.environment,
        lenient: flags.lenient === true,
        redo: flags.redo === true,
        concurrency: flags.concurrency,
        pid: process.pid,
        wallIso: () => systemClock.wallIso(),
        progress: host.tell,
      });
      await rebuildReport(directory);
      host.print(flags.json ? JSON.stringify(judgement, null, 2) : judgementText(judgement));
      host.setExitCode(judgement.unjudged.length === 0 ? exitCodes.ok : exitCodes.resultInvalid);
    });
}

function endpointOf({ url, model, apiKeyEnv }: JudgeFlags): JudgeOptions["endpoint"] {
  if (url === undefined && model === undefined && apiKeyEnv === undefined) return null;
  if (url === undefined || model === undefined)
    throw new ConfigError("--url and --model name a judge together; give both or neither.");
  if (!URL.canParse(url)) throw new ConfigError(`--url ${url} is no URL; write e.g. http://127.0.0.1:8000`);
  return { url, model, ...(apiKeyEnv !== undefined && { apiKeyEnv }) };
}

function judgementText({ needed, judged, judgedBefore, incomplete, unjudged }: RunJudgement): string {
  return [
    `${judged + judgedBefore} of ${needed} episodes that need a judge are judged (${judged} now, ${judgedBefore} before)`,
    ...(incomplete.length === 0
      ? []
      : [`warning: the judge did not answer one entry per assertion in ${incomplete.join(", ")}`]),
    ...(unjudged.length === 0 ? [] : [`${unjudged.length} stay unjudged; run the judge again`]),
  ].join("\n");
}
