import { Command } from "commander";

/** The commands as `tollgate --help` lists them, by what one wants to do; the help of each says all of it. */
export const helpGroups: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "Run:": {
    init: "write an experiment for your servers",
    plan: "what a sweep would do; starts nothing",
    preflight: "check the servers of an experiment",
    sweep: "run an experiment",
    resume: "go on with a run that stopped",
    collect: "collect trajectories with token ids",
    capacity: "the most agents in flight within limits",
    replay: "recorded requests again, two arms in turn",
    tax: "what a gateway adds, in ten lines",
  },
  "Look:": {
    runs: "list runs",
    status: "how far a run is",
    attach: "follow a run until it ends",
    stop: "ask a run to drain and stop",
    report: "the tables of a run",
    inspect: "episodes of a run, and one as a conversation",
    view: "look into runs in a browser",
    compare: "what changed between two runs",
  },
  "Share:": {
    export: "trajectories and rows for other tools",
    pack: "one archive of a run",
    judge: "have a model judge what a run left open",
  },
  "Servers:": {
    simulate: "a simulated engine",
    gateway: "the recording gateway",
    up: "start model servers in Docker and keep them",
    down: "remove them",
    clean: "remove what dead runs left",
    metrics: "read, compare and watch a server's metrics",
  },
  "Tools:": {
    doctor: "what this machine has and lacks",
    selftest: "how far numbers can be trusted here",
    schema: "JSON Schemas, for editors and readers",
    tau2: "the port of tau2, and runs in its terms",
    completion: "completion for your shell",
  },
};

/** Puts every command of a program into its group, with a summary that fits one line. */
export function groupCommands(program: Command): void {
  for (const command of program.commands) {
    const [heading, summaries] =
      Object.entries(helpGroups).find(([, commands]) => command.name() in commands) ?? [];
    const summary = summaries?.[command.name()];
    if (heading !== undefined && summary !== undefined) command.helpGroup(heading).summary(summary);
  }
  program.addHelpCommand(
    new Command("help")
      .argument("[command]")
      .description("the help of a command")
      .helpOption(false)
      .helpGroup("Tools:"),
  );
}
