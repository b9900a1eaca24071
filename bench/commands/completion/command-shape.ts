import { Help, type Argument, type Command, type Option } from "commander";

/** What can stand at a place of a command line. */
export type CompletedValue =
  /** `run`: a run directory, or the name of one in `runs/`. */
  | { readonly kind: "file" | "folder" | "run" | "free" }
  | { readonly kind: "choice"; readonly choices: readonly string[] };

export interface FlagShape {
  /** `-o` and `--out`, as far as there are both. */
  readonly names: readonly string[];
  readonly description: string;
  /** null: a switch. */
  readonly value: CompletedValue | null;
}

/** A command as far as its completion goes; the root has the empty path. */
export interface CommandShape {
  readonly path: readonly string[];
  readonly description: string;
  readonly subcommands: readonly CommandShape[];
  readonly flags: readonly FlagShape[];
  readonly positionals: readonly CompletedValue[];
}

/** Reads a program as commander knows it, so that nothing is written down twice. */
export function commandShape(command: Command, path: readonly string[] = []): CommandShape {
  const help = new Help();
  const subcommands = help.visibleCommands(command).filter((one) => command.commands.includes(one));
  const declared = help.visibleOptions(command).map(flagShape);
  const known = new Set(declared.flatMap(({ names }) => names));
  return {
    path,
    description: command.description(),
    subcommands: subcommands.map((one) => commandShape(one, [...path, one.name()])),
    flags: [
      ...declared,
      ...usageFlags(command).filter(({ names }) => names.every((name) => !known.has(name))),
    ],
    positionals: command.registeredArguments.map(argumentValue),
  };
}

/** The command itself and everything below it, parents first. */
export function allShapes(root: CommandShape): readonly CommandShape[] {
  return [root, ...root.subcommands.flatMap(allShapes)];
}

function flagShape(option: Option): FlagShape {
  const names = [option.short, option.long].filter((name) => name !== undefined && name !== null);
  const takesValue = option.required || option.optional;
  const value = option.argChoices ? choice(option.argChoices) : valueNamed(placeholderIn(option.flags));
  return { names, description: option.description, value: takesValue ? value : null };
}

function argumentValue(argument: Argument): CompletedValue {
  return argument.argChoices ? choice(argument.argChoices) : valueNamed(argument.name());
}

function choice(choices: readonly string[]): CompletedValue {
  return { kind: "choice", choices };
}

/** What a placeholder stands for: `<file>`, `<folder>`, `<run>` and the like are on the disk, others are not. */
function valueNamed(placeholder: string): CompletedValue {
  if (/^(file|csv|pre|post)\b/i.test(placeholder)) return { kind: "file" };
  if (/^(folder|dir)\b/i.test(placeholder)) return { kind: "folder" };
  if (placeholder === "run") return { kind: "run" };
  return { kind: "free" };
}

function placeholderIn(flags: string): string {
  return /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1] ?? "";
}

/**
 * The servers' flags belong to parsers of their own, which commander does not see; their help shows them in a usage
 * line, as `[--data DIR]` or `--role agent|user`.
 */
function usageFlags(command: Command): readonly FlagShape[] {
  const usage = helpText(command).split(/^usage: /m)[1] ?? "";
  const found = [...usage.matchAll(/(--[a-z][a-z-]*)(?: ([A-Za-z0-9|=[\]]+))?/g)];
  // Prose below the line may name a flag again.
  const first = found.filter(([, name], index) => found.findIndex((other) => other[1] === name) === index);
  return first.map(([, name = "", value]) => ({
    names: [name],
    description: "",
    value: value === undefined || value.startsWith("]") ? null : usageValue(value.replace(/\W+$/, "")),
  }));
}

function usageValue(text: string): CompletedValue {
  return /^[a-z0-9]+(\|[a-z0-9]+)+$/.test(text) ? choice(text.split("|")) : valueNamed(text);
}

/** All of the help, with what was added after it. */
function helpText(command: Command): string {
  let text = "";
  const before = { ...command.configureOutput() };
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  command.configureOutput(before);
  return text;
}
