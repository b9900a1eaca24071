import { Argument, type Command } from "commander";
import { bashCompletion } from "./completion/bash.ts";
import { commandShape } from "./completion/command-shape.ts";
import { fishCompletion } from "./completion/fish.ts";
import { zshCompletion } from "./completion/zsh.ts";
import type { Host } from "./host.ts";

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
type Shell = keyof typeof scripts;

/** The program must have all commands by the time this one runs: what it lacks is not completed. */
export function register(program: Command, host: Host): void {
  program
    .command("completion")
    .description("print a script that completes commands, flags and files in your shell")
    .addArgument(new Argument("<shell>", "whose script").choices(Object.keys(scripts)))
    .action((shell: Shell) => host.print(scripts[shell](commandShape(program)).trimEnd()))
    .addHelpText(
      "after",
      "\nIt completes the word `tollgate`: have it as a command, or say alias tollgate='npx tollgate'.",
    );
}
