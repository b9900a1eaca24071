import { allShapes, type CommandShape, type CompletedValue } from "./command-shape.ts";

/** A bash script that completes `tollgate`; needs bash 4 and nothing else. */
export function bashCompletion(root: CommandShape): string {
  const shapes = allShapes(root);
  const deeper = shapes
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `"${parentText(path)} ${path.at(-1)}"`);
  return `# bash completion for tollgate. Load it with: source <(tollgate completion bash)
_tollgate_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }
_tollgate_files() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current"); }
_tollgate_folders() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current"); }
_tollgate_runs() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -d -- "$current"; cd runs 2>/dev/null && compgen -d -- "$current")
}
_tollgate() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" command="" place=0 skip="" i
  COMPREPLY=()
  # bash takes --flag=value for three words.
  if [[ $current == "=" ]]; then current=""; elif [[ $previous == "=" ]]; then previous="\${COMP_WORDS[COMP_CWORD - 2]}"; fi
  # Which command this is about, and how many arguments it already has.
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} == "=" ]]; then skip=1; continue; fi
    if [[ -n $skip ]]; then skip=""; continue; fi
    case "$command \${COMP_WORDS[i]}" in
      ${deeper.join(" | ")}) command="\${command:+$command }\${COMP_WORDS[i]}" ;;
${valuedFlagCases(shapes)}
      *" -"*) ;;
      *) place=$((place + 1)) ;;
    esac
  done
  case "$command $previous" in
${shapes.flatMap(flagValueCases).join("\n")}
  esac
  if [[ $current == -* ]]; then
    case "$command" in
${shapes.map((shape) => `      "${shape.path.join(" ")}") _tollgate_words "${flagNames(shape)}" ;;`).join("\n")}
    esac
    return
  fi
  case "$command $place" in
${shapes.flatMap(positionalCases).join("\n")}
  esac
}
complete -F _tollgate tollgate
`;
}

function parentText(path: readonly string[]): string {
  return path.slice(0, -1).join(" ");
}

function flagNames({ flags }: CommandShape): string {
  return flags.flatMap(({ names }) => names).join(" ");
}

/** The word after a flag with a value is no argument of the command. */
function valuedFlagCases(shapes: readonly CommandShape[]): string {
  const valued = shapes.flatMap(({ path, flags }) =>
    flags.flatMap(({ names, value }) =>
      value === null ? [] : names.map((name) => `"${path.join(" ")} ${name}"`),
    ),
  );
  return valued.length === 0 ? "" : `      ${valued.join(" | ")}) skip=1 ;;`;
}

function flagValueCases({ path, flags }: CommandShape): string[] {
  return flags.flatMap(({ names, value }) => {
    if (value === null) return [];
    const pattern = names.map((name) => `"${path.join(" ")} ${name}"`).join(" | ");
    return `    ${pattern}) ${action(value)}; return ;;`;
  });
}

function positionalCases({ path, subcommands, positionals }: CommandShape): string[] {
  const command = path.join(" ");
  if (subcommands.length > 0) {
    const words = subcommands.map((one) => one.path.at(-1)).join(" ");
    return [`    "${command} 0") _tollgate_words "${words}" ;;`];
  }
  return positionals.map((value, place) => `    "${command} ${place}") ${action(value)} ;;`);
}

function action(value: CompletedValue): string {
  if (value.kind === "choice") return `_tollgate_words "${value.choices.join(" ")}"`;
  return { file: "_tollgate_files", folder: "_tollgate_folders", run: "_tollgate_runs", free: ":" }[
    value.kind
  ];
}
