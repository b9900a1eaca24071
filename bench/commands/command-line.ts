import { Command, CommanderError } from "commander";
import { ConfigError, messageOf, RunUnreadableError, StartError, TollgateError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { terminalText } from "../host/terminal-text.ts";
import { tollgateVersion } from "../own-files.ts";
import { systemErrorCode } from "../store/storage-error.ts";
import { envFileOption, withEnvFiles } from "./env-file.ts";
import { addExamples } from "./examples.ts";
import { groupCommands, listCommands } from "./help-groups.ts";
import type { Host } from "./host.ts";

/** Runs the command that argv names, says what went wrong, and sets the exit code. Never throws. */
export async function runCommandLine(given: Host): Promise<void> {
  const host = onTerminal(given);
  try {
    const program = await buildProgram(withEnvFiles(host));
    await program.parseAsync(knownWords(program, host.argv), { from: "user" });
  } catch (thrown) {
    const error = firstOf(thrown);
    const code = exitCodeOf(error);
    if (code === exitCodes.bug) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
      host.tell(`tollgate: this is a bug in Tollgate, please report it with the lines below.\n${detail}`);
    } else if (!(error instanceof CommanderError)) {
      host.tell(`tollgate: ${messageOf(error)}`);
    }
    host.setExitCode(code);
  }
}

/** A host whose terminal carries nothing out that somebody else has said. */
function onTerminal(host: Host): Host {
  return {
    ...host,
    print: (text) => host.print(terminalText(text)),
    tell: (text) => host.tell(terminalText(text)),
    get columns() {
      return host.columns;
    },
  };
}

/** What went wrong first, where clearing up behind it went wrong as well. */
function firstOf(thrown: unknown): unknown {
  return thrown instanceof SuppressedError ? firstOf(thrown.suppressed) : thrown;
}

/**
 * Which file registers which commands. Only the file of the command that is called is loaded: a simulated engine must
 * not wait for the agent's code, nor hold it in memory.
 */
const commandFiles: readonly (readonly [names: string, load: () => Promise<Registration>])[] = [
  ["init", () => import("./init.ts")],
  ["plan", () => import("./experiment.ts")],
  ["preflight", () => import("./preflight.ts")],
  ["sweep", () => import("./sweep.ts")],
  ["resume", () => import("./resume.ts")],
  ["collect", () => import("./collect.ts")],
  ["capacity", () => import("./capacity.ts")],
  ["replay", () => import("./replay.ts")],
  ["tax", () => import("./tax.ts")],
  ["feedback", () => import("./feedback.ts")],
  ["runs status attach stop", () => import("./runs.ts")],
  ["report", () => import("./results.ts")],
  ["inspect", () => import("./inspect.ts")],
  ["view", () => import("./view.ts")],
  ["compare", () => import("./compare.ts")],
  ["export", () => import("./export.ts")],
  ["pack", () => import("./pack.ts")],
  ["mlflow", () => import("./mlflow.ts")],
  ["merge", () => import("./merge.ts")],
  ["verify", () => import("./verify.ts")],
  ["judge", () => import("./judge.ts")],
  ["simulate gateway", () => import("./servers.ts")],
  ["up down", () => import("./warm-servers.ts")],
  ["k8s", () => import("./k8s.ts")],
  ["clean", () => import("./clean.ts")],
  ["metrics", () => import("./metrics.ts")],
  ["doctor", () => import("./doctor.ts")],
  ["selftest", () => import("./selftest.ts")],
  ["schema", () => import("./schema.ts")],
  ["tasks", () => import("./tasks.ts")],
  ["tau2", () => import("./tau2.ts")],
  ["completion", () => import("./completion.ts")],
];
interface Registration {
  readonly register: (program: Command, host: Host) => void;
}

async function buildProgram(host: Host): Promise<Command> {
  const command = host.argv[0];
  const program = new Command("tollgate")
    .description(
      "Measures what an inference service costs a real agent: OpenClaw on tau2 tasks, raw engine against gateway.",
    )
    .version(tollgateVersion())
    .addOption(envFileOption())
    .showHelpAfterError("Run `tollgate --help`.")
    .showSuggestionAfterError()
    .exitOverride()
    // That a command has options goes without saying; its name and what it takes leave room for the words beside them.
    .configureHelp({ subcommandTerm: termOf })
    .configureOutput({
      writeOut: (text) => host.print(text.replace(/\n$/, "")),
      writeErr: (text) => host.write(text),
    })
    .addHelpText(
      "after",
      `
Exit codes:
  0 ok                    1 result invalid or unequal
  2 usage or config       3 start or preflight failed
  4 stopped, resumable    5 resume refused
  6 threshold crossed     70 bug in Tollgate
  130, 143 signal, after the drain

Begin with:
  $ tollgate sweep experiments/laptop.yaml   a benchmark on simulated engines
  $ tollgate init --agent http://HOST:PORT   an experiment for your own servers
  $ tollgate doctor                          what this machine has and lacks`,
    );
  // `completion` speaks about every other command.
  const called = commandFiles.filter(
    ([names]) => command !== "completion" && names.split(" ").includes(command ?? ""),
  );
  if (called.length === 0 && wantsList(host.argv)) listCommands(program);
  else
    for (const [, load] of called.length > 0 ? called : commandFiles) (await load()).register(program, host);
  addExamples(program);
  groupCommands(program);
  for (const one of program.commands) completeCommand(one, `tollgate ${one.name()}`);
  return program;
}

/** `tollgate`, `--help`, `--version`, and what no command is called: what is like it is suggested. */
function wantsList([first, second]: readonly string[]): boolean {
  if (first === undefined || /^(-h|--help|-V|--version)$/.test(first)) return true;
  if (first === "help") return second === undefined;
  return first !== "completion" && !first.startsWith("-");
}

/** `inspect <run> [episode]` */
function termOf(command: Command): string {
  const taken = command.registeredArguments.map((one) =>
    one.required ? `<${one.name()}>` : `[${one.name()}]`,
  );
  return [command.name(), ...taken].join(" ");
}

/** What every command has, whatever registers it. */
function completeCommand(command: Command, words: string): void {
  command.showHelpAfterError(`Run \`${words} --help\`.`);
  for (const one of command.commands) completeCommand(one, `${words} ${one.name()}`);
  // The program reads it, wherever it stands; here for the help and the completion of a command.
  if (command.commands.length === 0) command.addOption(envFileOption());
}

/** What a thrown error means to the caller. A TollgateError is a sentence; anything else is our bug and shows its stack. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof ConfigError) return exitCodes.usage;
  if (error instanceof StartError) return exitCodes.startFailed;
  if (error instanceof RunUnreadableError) return exitCodes.resumeRefused;
  // A disk, a file or a limit of this machine: its own message says which.
  if (error instanceof TollgateError || systemErrorCode(error) !== null) return exitCodes.resultInvalid;
  return exitCodes.bug;
}

/** Up to the first word that should be a command and is none: what follows, `--help` too, would hide that. */
function knownWords(program: Command, argv: readonly string[]): readonly string[] {
  let command = program;
  for (const [index, word] of argv.entries()) {
    if (command.commands.length === 0 || word.startsWith("-")) return argv;
    if (word === "help") return knownTopic(command, argv, index);
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) return argv.slice(0, index + 1);
    command = next;
  }
  return argv;
}

/** `help swep` would print the help of everything; as a command of its own the word is refused with a suggestion. */
function knownTopic(command: Command, argv: readonly string[], index: number): readonly string[] {
  const topic = argv[index + 1];
  if (topic === undefined || topic.startsWith("-")) return argv;
  const known = topic === "help" || command.commands.some((one) => one.name() === topic);
  return known ? argv : [...argv.slice(0, index), topic];
}
