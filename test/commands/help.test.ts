import { globSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Command } from "commander";
import { beforeAll, expect, test } from "vitest";
import { allShapes, commandShape, type CommandShape } from "../../bench/commands/completion/command-shape.ts";
import { addExamples } from "../../bench/commands/examples.ts";
import { helpGroups } from "../../bench/commands/help-groups.ts";
import type { Host } from "../../bench/commands/host.ts";
import { tollgate } from "../e2e/tollgate-process.ts";

type CommandFile = { readonly register?: (program: Command, host: Host) => void };

/** Commands are registered, none is run. */
const host: Host = {
  argv: [],
  environment: {},
  workingDirectory: ".",
  print: () => undefined,
  tell: () => undefined,
  write: () => undefined,
  announce: () => undefined,
  interactive: false,
  columns: 120,
  output: { columns: null, colour: false },
  setExitCode: () => undefined,
};
let program: Command;
let shapes: readonly CommandShape[];
beforeAll(async () => {
  program = new Command("tollgate");
  for (const file of globSync("bench/commands/*.ts").sort()) {
    const commandFile = (await import(pathToFileURL(file).href)) as CommandFile;
    commandFile.register?.(program, host);
  }
  addExamples(program);
  shapes = allShapes(commandShape(program)).filter(({ path }) => path.length > 0);
});

function helpOf(path: readonly string[]): string {
  const command = path.reduce<Command | undefined>(
    (parent, name) => parent?.commands.find((one) => one.name() === name),
    program,
  );
  let text = "";
  command?.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

const examplesIn = (help: string) => [...help.matchAll(/^ {2}\$ (.+)$/gm)].map(([, line = ""]) => line);

test("the list that is printed without the commands' code names them all, with what they take", () => {
  const usages = program.commands.map((command) => {
    const taken = command.registeredArguments.map((one) =>
      one.required ? `<${one.name()}>` : `[${one.name()}]`,
    );
    return [command.name(), ...taken].join(" ");
  });
  const listed = Object.values(helpGroups).flatMap((commands) => Object.keys(commands));
  expect(listed.toSorted()).toEqual(usages.toSorted());
});

test("the help of every command ends with an example of it", () => {
  expect(shapes.length).toBeGreaterThan(20);
  const without = shapes.filter(
    ({ path }) => !examplesIn(helpOf(path)).some((line) => line.includes(`tollgate ${path.join(" ")}`)),
  );
  expect(without.map(({ path }) => path.join(" "))).toEqual([]);
});

test("examples use only commands and flags that there are, and give what must be given", () => {
  const lines = shapes.flatMap(({ path }) => examplesIn(helpOf(path)));
  expect(lines.length).toBeGreaterThan(30);
  const wrong = lines.flatMap((line) => {
    const words = /tollgate ([^<>|)]*?)(?: {2}|\)| [>|]|$)/.exec(line)?.[1]?.split(" ") ?? [];
    const shape = shapes.findLast(({ path }) => path.every((name, at) => words[at] === name));
    if (shape === undefined) return [`no such command: ${line}`];
    // Every command has that one, from the command line that registers them.
    const flags = [...shape.flags.flatMap(({ names }) => names), "--env-file"];
    const unknown = words.filter((word) => word.startsWith("-") && !flags.includes(word));
    return unknown.map((word) => `no flag ${word}: ${line}`);
  });
  expect(wrong).toEqual([]);
});

test("descriptions begin in lower case and end without a full stop, as a column of them reads best", () => {
  const said = shapes.flatMap(({ path, description, flags }) => [
    { of: path.join(" "), text: description },
    ...flags.map(({ names, description: text }) => ({ of: `${path.join(" ")} ${names.join(" ")}`, text })),
  ]);
  expect(said.filter(({ text }) => text.endsWith("."))).toEqual([]);
  expect(shapes.filter(({ description }) => description === "")).toEqual([]);
});

test("the command line knows every command that is registered here", async () => {
  const { code, stdout } = await tollgate(["--help"]);
  expect(code).toBe(0);
  const listed = [...stdout.matchAll(/^ {2}([a-z][a-z0-9-]*)(?: |$)/gm)].map(([, name]) => name);
  const names = program.commands.map((command) => command.name());
  expect(names.filter((name) => !listed.includes(name))).toEqual([]);
});
