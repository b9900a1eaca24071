import { Command } from "commander";

/** The commands as `tollgate --help` lists them, by what one wants to do; the help of each says all of it. */
export const helpGroups: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "Run:": {
    init: "write an experiment for your servers",
    "plan <file>": "what a sweep would do; starts nothing",
    "preflight <file>": "check the servers of an experiment",
    "sweep <file>": "run an experiment",
    "resume <run>": "go on with a run that stopped",
    "collect <file>": "collect trajectories with token ids",
    "capacity <file>": "the most agents in flight within limits",
    "replay <run>": "recorded requests again, two arms in turn",
    "tax <raw-url> <gateway-url>": "what a gateway adds, in ten lines",
    "feedback <file> [settings]": "does a model learn from feedback",
  },
  "Look:": {
    runs: "list runs",
    "status [run]": "how far a run is",
    "attach [run]": "follow a run until it ends",
    "stop [run]": "ask a run to drain and stop",
    "report <run>": "the tables of a run",
    "inspect <run> [episode]": "episodes of a run, and one as a conversation",
    "verify <run>": "recompute a report's figures, in another way",
    "view [run]": "look into runs in a browser",
    "merge <run>": "the shards of a sweep, as one run",
    "compare <a> <b>": "what changed between two runs",
  },
  "Share:": {
    "export <run>": "trajectories and rows for other tools",
    "pack <run>": "one archive of a run",
    mlflow: "log a run to an MLflow server",
    "judge <run>": "have a model judge what a run left open",
  },
  "Servers:": {
    simulate: "a simulated engine",
    gateway: "the recording gateway",
    "up <file>": "start model servers in Docker and keep them",
    "down <file>": "remove them",
    k8s: "an evaluation on Kubernetes, beside a gateway",
    "clean [run]": "remove what dead runs left",
    metrics: "read, compare and watch a server's metrics",
  },
  "Tools:": {
    doctor: "what this machine has and lacks",
    selftest: "how far numbers can be trusted here",
    schema: "JSON Schemas, for editors and readers",
    tasks: "tasks in a workspace, of ours or of a folder",
    tau2: "the port of tau2, and runs in its terms",
    "completion <shell>": "completion for your shell",
  },
};

const listed = Object.entries(helpGroups).flatMap(([heading, commands]) =>
  Object.entries(commands).map(([usage, summary]) => ({
    heading,
    usage,
    summary,
    name: usage.split(" ")[0],
  })),
);

/** Commands that have a name and nothing behind it: who only wants the list need not wait for the code of all. */
export function listCommands(program: Command): void {
  for (const { usage } of listed) program.command(usage);
}

/** Puts every command of a program into its group, with a summary that fits one line. */
export function groupCommands(program: Command): void {
  for (const command of program.commands) {
    const line = listed.find(({ name }) => name === command.name());
    if (line !== undefined) command.helpGroup(line.heading).summary(line.summary);
  }
  program.addHelpCommand(
    new Command("help")
      .argument("[command]")
      .description("the help of a command")
      .helpOption(false)
      .helpGroup("Tools:"),
  );
}
