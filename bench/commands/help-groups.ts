import { Command } from "commander";

/** The commands as `tollgate --help` lists them, by what one wants to do. */
export const helpGroups: Readonly<Record<string, readonly string[]>> = {
  "Run:": ["init", "plan", "preflight", "sweep", "resume", "collect", "replay", "tax", "capacity"],
  "Look:": ["runs", "status", "attach", "stop", "report", "inspect", "compare", "view"],
  "Share:": ["export", "pack", "judge"],
  "Servers:": ["simulate", "gateway", "up", "down", "clean", "metrics"],
  "Tools:": ["doctor", "selftest", "schema", "tau2", "completion"],
};

/** Puts every command of a program into its group. */
export function groupCommands(program: Command): void {
  for (const command of program.commands) {
    const [heading] = Object.entries(helpGroups).find(([, names]) => names.includes(command.name())) ?? [];
    if (heading !== undefined) command.helpGroup(heading);
  }
  program.addHelpCommand(
    new Command("help")
      .argument("[command]")
      .description("display help for a command")
      .helpOption(false)
      .helpGroup("Tools:"),
  );
}
