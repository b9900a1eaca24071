import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { InvalidArgumentError, type Command } from "commander";
import { findOpenClaw } from "../agent/openclaw/installation.ts";
import { experimentJsonSchema } from "../config/experiment-json-schema.ts";
import { ConfigError, StartError } from "../errors.ts";
import { shellLine } from "../host/shell-words.ts";
import { systemClock } from "../measure/clock.ts";
import { blank, copied, labelled, line, type Part } from "../report/screen/layout.ts";
import { plain, toned } from "../report/screen/styled-text.ts";
import { exists } from "../store/read-run.ts";
import { positive } from "./arguments.ts";
import { screenText } from "./end-screen.ts";
import { readExperiment } from "./experiment.ts";
import type { Host } from "./host.ts";
import { answeredFlags, chooseServers, type ChosenServers, type InitFlags } from "./init/choose.ts";
import { experimentText, oneLine, type ChosenServer } from "./init/experiment-text.ts";
import type { ServerNote } from "./init/probe-server.ts";
import { sections, workIn } from "./parts.ts";
import { writeResult } from "./write-result.ts";

export function register(program: Command, host: Host): void {
  program
    .command("init")
    .description(
      "ask your servers what they are, and write a commented experiment for them that sweep then runs",
    )
    .option("-o, --out <file>", "the experiment file to write", "experiment.yaml")
    .option("--agent <url>", "the agent's model server, with or without /v1")
    .option("--user <url>", "server of the model that plays the user (default: the agent's)")
    .option("--gateway <url>", "gateway in front of the agent's server (default: Tollgate's own)")
    .option("--model <name>", "the agent's model (default: the first that its server lists)")
    .option("--user-model <name>", "the user's model")
    .option("--key-env <name>", "environment variable with the key of --agent")
    .option("--user-key-env <name>", "environment variable with the key of --user")
    .option(
      "--gateway-key-env <name>",
      "environment variable with the key of --gateway (default: the agent's)",
    )
    .option("--simulated", "simulated engines in place of servers, for a try")
    .option("--no-probe", "ask no server anything; write what the flags say")
    .option("--domain <name>", "tasks to run: library, or a domain of tau2", "library")
    .option("--concurrency <numbers>", "episodes in flight, several with commas", loads, [1, 4])
    .option("--name <name>", "of the experiment (default: the file's)")
    .option("--force", "write over a file that is there")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
Without --agent and --simulated it asks, where somebody sits at a terminal. It reads what each server serves, which program it is,
whether its metrics can be read and whether a call of a tool arrives; all of that stands as comments in the file. Beside the file it
writes experiment.schema.json, by which editors check and complete it. Exit code 3: a server does not answer.`,
    )
    .action((flags: InitFlags) => init(flags, host));
}

function loads(text: string): readonly number[] {
  const numbers = text.split(",").map((one) => positive(one.trim()));
  if (new Set(numbers).size < numbers.length) throw new InvalidArgumentError("Give each number once.");
  return numbers;
}

const schemaFile = "experiment.schema.json";

async function init(given: InitFlags, host: Host): Promise<void> {
  const file = resolve(host.workingDirectory, given.out);
  await refuseExisting(file, given);
  const flags = await answeredFlags(given, host.ask);
  const chosen = await chooseServers({ ...host, flags, ask: host.ask, signal: new AbortController().signal });
  const text = experimentText({
    ...chosen,
    file: shellLine([given.out]),
    schemaFile,
    date: systemClock.wallIso().slice(0, 10),
    name: flags.name ?? nameOf(file),
    agentKind: hasOpenClaw() ? "openclaw" : "native",
    domain: flags.domain,
    concurrency: flags.concurrency,
  });
  await checked(text, host);
  const schema = join(dirname(file), schemaFile);
  await writeResult(file, text);
  await writeResult(schema, `${JSON.stringify(experimentJsonSchema(sections), null, 2)}\n`);
  host.print(
    flags.json
      ? JSON.stringify({ v: 1, file, schema, ...chosen }, null, 2)
      : screenText(host, initScreen(chosen, shellLine([given.out]))),
  );
}

async function refuseExisting(file: string, { force, out }: InitFlags): Promise<void> {
  if (force === true || !(await exists(file))) return;
  throw new ConfigError(`${out} is there already. Name another file with -o, or write over it with --force.`);
}

/** A name as experiments have it, from the file's: `My Servers.yaml` is `my-servers`. */
function nameOf(file: string): string {
  const name = basename(file)
    .replace(/\.[^.]*$/, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 41);
  return name === "" ? "experiment" : name;
}

function hasOpenClaw(): boolean {
  try {
    return findOpenClaw().version !== "";
  } catch (error) {
    if (error instanceof StartError) return false;
    throw error;
  }
}

/** Nothing is written that a sweep would refuse. */
async function checked(text: string, host: Host): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-init-"));
  try {
    const file = join(folder, "experiment.yaml");
    await writeFile(file, text);
    const { experiment } = readExperiment(file, [], host);
    await workIn(experiment).plan(experiment, host.environment);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function initScreen({ servers, gateway }: ChosenServers, file: string): readonly Part[] {
  return [
    ...(servers === null
      ? [labelled("Engines", [plain("simulated, started with every run")])]
      : [...serverParts("Agent", servers.agent), ...serverParts("User", servers.user)]),
    labelled("Gateway", [plain(gateway === null ? "Tollgate's own" : gateway.url)]),
    ...(gateway?.notes ?? []).flatMap(noteParts),
    blank,
    copied("Wrote", [plain(file)], "strong"),
    copied("Look", [plain(`tollgate plan ${file}`)], "strong"),
    copied("Check", [plain(`tollgate preflight ${file}`)], "strong"),
    copied("Run", [plain(`tollgate sweep ${file}`)], "strong"),
  ];
}

function serverParts(label: string, { url, model, probed }: ChosenServer): readonly Part[] {
  const served = model === undefined ? "" : `, model ${oneLine(model)}`;
  return [
    labelled(label, [plain(`${url}${served}`)]),
    ...(probed === null
      ? []
      : [line([plain(`${indent}${oneLine(probed.program)}`)], 9), ...probed.notes.flatMap(noteParts)]),
  ];
}

const indent = " ".repeat(9);

function noteParts({ what, change }: ServerNote): readonly Part[] {
  const said = oneLine(what);
  return [
    line([plain(indent), change === null ? plain(said) : toned("doubt", said)], 9),
    ...(change === null ? [] : [line([plain(`${indent}-> ${oneLine(change)}`)], 12)]),
  ];
}
