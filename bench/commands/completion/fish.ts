import { allShapes, type CommandShape, type FlagShape, type CompletedValue } from "./command-shape.ts";

/** A fish script that completes `tollgate` with descriptions. */
export function fishCompletion(root: CommandShape): string {
  const shapes = allShapes(root);
  return `# fish completion for tollgate. Load it with: tollgate completion fish | source
function __tollgate_at --description 'true when exactly this command is being written'
    set -l words (commandline -opc)[2..-1]
    set -l command
    for word in $words
        contains -- (string join -- ' ' $command $word) ${shapes.flatMap(({ path }) => (path.length === 0 ? [] : quoted(path.join(" ")))).join(" ")}
        and set -a command $word
    end
    test "$command" = "$argv"
end
complete -c tollgate -f
${shapes.flatMap(lines).join("\n")}
`;
}

function lines(shape: CommandShape): string[] {
  const at = `complete -c tollgate -n ${quoted(`__tollgate_at ${shape.path.join(" ")}`.trimEnd())}`;
  return [
    ...shape.subcommands.map(
      ({ path, description }) => `${at} -a ${quoted(path.at(-1) ?? "")} -d ${quoted(description)}`,
    ),
    ...shape.positionals.map((value) => `${at}${argumentSource(value)}`),
    ...shape.flags.map((flag) => `${at} ${flagText(flag)}`),
  ];
}

function flagText({ names, description, value }: FlagShape): string {
  const parts = names.map((name) => (name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  if (value !== null) parts.push(`${value.kind === "file" ? "-r" : "-x"}${argumentSource(value)}`);
  if (description !== "") parts.push(`-d ${quoted(description)}`);
  return parts.join(" ");
}

function argumentSource(value: CompletedValue): string {
  if (value.kind === "choice") return ` -a ${quoted(value.choices.join(" "))}`;
  return {
    file: " -F",
    folder: " -a '(__fish_complete_directories)'",
    run: " -a '(__fish_complete_directories; command ls runs 2>/dev/null)'",
    free: "",
  }[value.kind];
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}
