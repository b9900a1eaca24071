import { allShapes, type CommandShape, type FlagShape, type CompletedValue } from "./command-shape.ts";

/** A zsh script that completes `tollgate` with descriptions; to be sourced, or kept as `_tollgate` in `$fpath`. */
export function zshCompletion(root: CommandShape): string {
  const shapes = allShapes(root);
  const names = shapes.filter(({ path }) => path.length > 0).map(({ path }) => path.join("-"));
  return `#compdef tollgate
# zsh completion for tollgate. Load it with: source <(tollgate completion zsh)
_tollgate() {
  local command="" known=" ${names.join(" ")} "
  local context state line
  local -a subcommands
  local -A opt_args
  # Which command this is about; what leads to it is dropped, so that _arguments counts from there.
  while (( CURRENT > 2 )) && [[ $known == *" \${command:+$command-}$words[2] "* ]]; do
    command="\${command:+$command-}$words[2]"
    shift words
    (( CURRENT-- ))
  done
  case "$command" in
${shapes.map(commandCase).join("\n")}
  esac
}
if [[ $funcstack[1] == _tollgate ]]; then _tollgate "$@"; else compdef _tollgate tollgate; fi
`;
}

function commandCase({ path, subcommands, flags, positionals }: CommandShape): string {
  const places =
    subcommands.length > 0
      ? [quoted("1:command:->subcommand")]
      : positionals.map((value) => quoted(`:${action(value)}`));
  const specs = [...flags.map(flagSpec), ...places].join(" \\\n        ");
  const list = subcommands.map((one) =>
    quoted(`${one.path.at(-1)}:${one.description.replaceAll(":", "\\:")}`),
  );
  const describe =
    list.length === 0
      ? ""
      : `
      if [[ $state == subcommand ]]; then
        subcommands=(${list.join("\n          ")})
        _describe command subcommands
      fi`;
  return `    ${quoted(path.join("-"))})
      _arguments -S ${specs}${describe}
      ;;`;
}

function flagSpec({ names, description, value }: FlagShape): string {
  const text = `[${description.replaceAll(/[[\]:\\]/g, String.raw`\$&`)}]`;
  const then = value === null ? "" : `:${action(value)}`;
  const [first = "", second] = names;
  if (second === undefined) return quoted(`*${first}${text}${then}`);
  return `{${first},${second}}${quoted(`${text}${then}`)}`;
}

/** `message:action` of _arguments. */
function action(value: CompletedValue): string {
  if (value.kind === "choice") return `value:(${value.choices.join(" ")})`;
  return {
    file: "file:_files",
    folder: "folder:_directories",
    run: 'run:_files -/ -W "(. runs)"',
    free: "value: ",
  }[value.kind];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
