import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { baseUrl } from "../config/base-url.ts";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { recordedArguments } from "../config/recorded.ts";
import { ConfigError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { noKey } from "../stack/keys.ts";
import { parseAddedLimit } from "../tax/limit.ts";
import { measureTax, type TaxOrder } from "../tax/measure-tax.ts";
import { taxPage } from "../tax/tax-page.ts";
import type { TaxResult } from "../tax/tax-report.ts";
import { taxSuite } from "../tax/tax-suite.ts";
import { taxText, verdictLine } from "../tax/tax-text.ts";
import { failedSuite } from "../report/ci/suites.ts";
import { natural, number, positive } from "./arguments.ts";
import { junitOption, leaveForCi, wantedByCi, type CiFlags } from "./ci-results.ts";
import { readExperiment } from "./experiment.ts";
import type { Host } from "./host.ts";
import { runToItsEnd, type CommandEnd } from "./run-to-its-end.ts";
import { writeResult } from "./write-result.ts";

interface Flags extends CiFlags {
  readonly model?: string;
  readonly minutes: number;
  readonly load: string;
  readonly max?: string;
  readonly keyEnv?: string;
  readonly gatewayKeyEnv?: string;
  readonly maxTokens: number;
  readonly page?: string;
  readonly out?: string;
  readonly seed: number;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, host: Host): void {
  program
    .command("tax <raw-url> <gateway-url>")
    .description(
      "what a gateway adds to an agent's requests: ten lines in two minutes, on servers that run already",
    )
    .option("--model <name>", "model to ask for (default: the first that RAW_URL lists)")
    .option("--minutes <n>", "time for everything", number, 2)
    .option("--load <loads>", "conversations in flight, several with commas", "1,4")
    .option("--max <limit>", "exit 6 unless no more than this is added, e.g. '+5ms' or '+3%'")
    .option("--key-env <name>", "environment variable with the key of RAW_URL")
    .option(
      "--gateway-key-env <name>",
      "environment variable with the key of GATEWAY_URL (default: the same key)",
    )
    .option("--max-tokens <n>", "most output tokens of a request", positive, 16)
    .option("--page <file>", "write a page (HTML, one file) with every number and a picture")
    .option("--out <folder>", "keep the run directory with its evidence in this folder, e.g. runs")
    .option("--seed <n>", "of the digits that make prompts differ", natural, 1)
    .option("--verbose", "say everything that is done")
    .option("--json", "print the report as JSON")
    .addOption(junitOption())
    .addHelpText("after", explanation)
    .action((raw: string, gateway: string, flags: Flags) => tax([raw, gateway], flags, host));
}

const explanation = `
RAW_URL is an OpenAI-compatible server, GATEWAY_URL a gateway that forwards to it; with or without /v1, http or https.
The same agent conversations (tools, results of tools, three sizes, three turns) go to both in turn: raw, gateway, raw
again, a proxy that does nothing, and back, block after block until the time is over. Every prompt begins with digits of
its own, so that no cache answers for the gateway.

  N in flight  what the gateway adds to the first token and to the whole request, milliseconds, 95 % intervals
  of it        what any proxy on this machine adds, and what the gateway adds beyond that
  by body, kB  the same by the longest body of a conversation, at the first load
  by turn      the same by turn, at the first load
  floor        the raw server against itself: what this run reports where there is nothing to find
  checked      fixed questions to both servers (stream, call, logprobs, stop, large body, bad requests): what differs

Exit code 0: the numbers stand. 1: they do not, and why is on the second line (answers altered, another engine behind the
gateway, failed requests). 3: a server cannot be measured. 6: --max, unless the whole interval of first token and whole
request keeps it at every load; "cannot tell" is no pass. Ctrl-C reports what is whole by then.`;

async function tax([raw, gateway]: readonly [string, string], flags: Flags, host: Host): Promise<void> {
  const order = orderOf([raw, gateway], flags, host);
  const scratch = flags.out === undefined ? await mkdtemp(join(tmpdir(), "tollgate-tax-")) : null;
  const progress = progressOf(flags, host);
  let crossed = false;
  try {
    await runToItsEnd<TaxResult>(host, {
      budget: `${Math.ceil(order.seconds * 1.4)}s`,
      advice: () => Promise.resolve([]),
      usable: ({ tax: { usable } }) => usable,
      leave: wantedByCi(host, flags) ? (end) => leaveTax(end, flags, host) : undefined,
      show: async (result) => {
        progress("");
        const { limit, usable } = result.tax;
        crossed = usable && limit !== null && limit.status !== "kept";
        if (flags.page !== undefined)
          await writeResult(resolve(host.workingDirectory, flags.page), taxPage(result));
        return flags.json ? JSON.stringify(result.tax, null, 2) : taxText(result.tax);
      },
      execute: ({ stop, opened }) =>
        measureTax(order, {
          load: (members) => loadedFrom(members, host),
          keyNames: { raw: flags.keyEnv, gateway: flags.gatewayKeyEnv ?? flags.keyEnv },
          environment: host.environment,
          argv: recordedArguments(host.argv),
          outputDirectory: scratch ?? resolve(host.workingDirectory, flags.out ?? "runs"),
          kept: scratch === null,
          stop,
          opened: scratch === null ? opened : () => undefined,
          progress,
          tell: (line) => {
            if (flags.verbose || line.startsWith("warning")) host.tell(line);
          },
        }),
    });
    if (crossed) host.setExitCode(exitCodes.thresholdCrossed);
  } finally {
    if (scratch !== null) await rm(scratch, { recursive: true, force: true });
  }
}

async function leaveTax({ reported, error }: CommandEnd<TaxResult>, flags: Flags, host: Host): Promise<void> {
  const report = reported?.report.tax;
  const text = report === undefined ? (error ?? "nothing was measured") : taxText(report);
  const title = `Tollgate tax: ${report === undefined ? "not measured" : verdictLine(report)}`;
  const suite = report === undefined ? failedSuite("tollgate tax", text) : taxSuite(report);
  await leaveForCi(host, flags, { suite, title, text });
}

/** Everything that a user can have written wrong is found here, before anything is asked. */
function orderOf([raw, gateway]: readonly [string, string], flags: Flags, host: Host): TaxOrder {
  if (!(flags.minutes > 0)) throw new ConfigError(`--minutes has to be more than 0, e.g. 2.`);
  const loads = flags.load.split(",").map((load) => load.trim());
  const twice = loads.find((load, at) => loads.indexOf(load) < at);
  if (twice !== undefined)
    throw new ConfigError(`--load names ${twice} twice; more --minutes give more blocks.`);
  return {
    raw: { url: urlOf("RAW_URL", raw), apiKey: keyOf("--key-env", flags.keyEnv, host) },
    gateway: {
      url: urlOf("GATEWAY_URL", gateway),
      apiKey:
        flags.gatewayKeyEnv === undefined
          ? keyOf("--key-env", flags.keyEnv, host)
          : keyOf("--gateway-key-env", flags.gatewayKeyEnv, host),
    },
    model: flags.model,
    loads,
    seconds: flags.minutes * 60,
    maxTokens: flags.maxTokens,
    limit: flags.max === undefined ? null : parseAddedLimit(flags.max),
    seed: flags.seed,
  };
}

function urlOf(name: string, text: string): string {
  const parsed = baseUrl().safeParse(text);
  if (parsed.success) return parsed.data;
  const near = /^[\w.-]+:\d+/.test(text) ? ` Did you mean http://${text}?` : "";
  throw new ConfigError(`${name} ${text} is no address: write http://HOST:PORT or https://HOST.${near}`);
}

function keyOf(flag: string, variable: string | undefined, { environment }: Host): string {
  if (variable === undefined) return noKey;
  const key = environment[variable];
  if (key) return key;
  throw new ConfigError(`${flag} names the environment variable ${variable}, which is not set or empty.`);
}

/** A line that is drawn over where a person watches; elsewhere a line for each phase, and none for turns. */
function progressOf({ verbose }: Flags, host: Host): (text: string) => void {
  if (host.interactive && !verbose)
    return (text) => host.write(`\r\u001B[K${text.slice(0, Math.max(20, host.columns - 1))}`);
  return (text) => {
    if (text !== "" && (verbose || !/^\S+, block \d+/.test(text))) host.tell(text);
  };
}

/** A file for as long as it takes to read it: there is one way to make an experiment. JSON is YAML. */
async function loadedFrom(members: Readonly<Record<string, unknown>>, host: Host): Promise<LoadedExperiment> {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-tax-"));
  try {
    const file = join(folder, "tax.yaml");
    await writeFile(file, JSON.stringify(members));
    return readExperiment(file, [], host);
  } finally {
    await rm(folder, { recursive: true });
  }
}
