import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandShape } from "../../bench/commands/completion/command-shape.ts";
import { TemporaryFolder, tollgate } from "../e2e/tollgate-process.ts";

/** Bash itself is asked: the script is sourced, the words are put where a TAB puts them, and the replies are read. */
const folder = new TemporaryFolder();
const script = join(folder.path, "completion.bash");
beforeAll(async () => {
  writeFileSync(script, (await tollgate(["completion", "bash"])).stdout);
  mkdirSync(join(folder.path, "runs", "laptop-1"), { recursive: true });
  writeFileSync(join(folder.path, "my experiment.yaml"), "");
});
afterAll(() => folder[Symbol.dispose]());

/** What bash offers for the last word, sorted. Bash has already split at `=`, as it does before it calls. */
function offered(...words: readonly string[]): readonly string[] {
  const { stdout, stderr } = spawnSync(
    "bash",
    [
      "-c",
      `source "$0" && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) && _tollgate && printf '%s\\n' "\${COMPREPLY[@]}"`,
      script,
      "tollgate",
      ...words,
    ],
    // Bash complains of a locale that this machine does not have.
    { cwd: folder.path, encoding: "utf8", env: { ...process.env, LC_ALL: "C" } },
  );
  expect(stderr).toBe("");
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .sort();
}

test("commands, and the commands below them", () => {
  expect(offered("s")).toEqual(["schema", "selftest", "simulate", "status", "stop", "sweep"]);
  expect(offered("metrics", "")).toEqual(["analyze", "diff", "monitor", "snapshot"]);
  expect(offered("metrics", "snap")).toEqual(["snapshot"]);
});

test("flags of the command that is being written, and of no other", () => {
  expect(offered("sweep", "--re")).toEqual(["--redo", "--resume"]);
  expect(offered("metrics", "diff", "--w")).toEqual(["--wall-clock"]);
  expect(offered("runs", "--w")).toEqual([]);
  expect(offered("simulate", "--decode")).toEqual(["--decode-step-ms", "--decode-step-ms-per-request"]);
  expect(offered("gateway", "--p")).toEqual(["--port"]);
});

test("values that are one of a few", () => {
  expect(offered("report", "--format", "")).toEqual(["csv", "html", "json", "md", "table"]);
  expect(offered("report", "--format", "=", "m")).toEqual(["md"]);
  expect(offered("simulate", "--role", "")).toEqual(["agent", "user"]);
  expect(offered("completion", "z")).toEqual(["zsh"]);
  expect(offered("sweep", "--budget", "")).toEqual([]);
});

test("files, folders and runs, where the command takes them", () => {
  expect(offered("sweep", "my")).toEqual(["my experiment.yaml"]);
  expect(offered("sweep", "--out", "r")).toEqual(["runs"]);
  expect(offered("report", "lap")).toEqual(["laptop-1"]);
  expect(offered("sweep", "my experiment.yaml", "--resume", "=", "runs/l")).toEqual(["runs/laptop-1"]);
});

test("an argument that is there already is not offered again; a flag's value is no argument", () => {
  expect(offered("plan", "my experiment.yaml", "")).toEqual([]);
  expect(offered("plan", "--from", "laptop-1", "my")).toEqual(["my experiment.yaml"]);
  expect(offered("plan", "--from", "=", "laptop-1", "my")).toEqual(["my experiment.yaml"]);
  expect(offered("metrics", "diff", "a.prom", "my")).toEqual(["my experiment.yaml"]);
  expect(offered("metrics", "diff", "a.prom", "b.prom", "my")).toEqual([]);
});

test("zsh and fish get every command and flag too", async () => {
  const [bash, zsh, fish] = await Promise.all(
    ["bash", "zsh", "fish"].map(async (shell) => (await tollgate(["completion", shell])).stdout),
  );
  const names = [...new Set(bash!.replaceAll(/^ *#.*/gm, "").match(/--[a-z][a-z-]+/g))];
  expect(names.length).toBeGreaterThan(40);
  expect(names.filter((name) => !zsh!.includes(name))).toEqual([]);
  expect(names.filter((name) => !new RegExp(`(-l |--)${name.slice(2)}\\b`).test(fish!))).toEqual([]);
});

test("another shell is a usage error", async () => {
  const { code, stderr } = await tollgate(["completion", "tcsh"]);
  expect(code).toBe(2);
  expect(stderr).toContain("Allowed choices are bash, zsh, fish");
});

test("the shape comes from the program, so that a new flag is completed without another word", () => {
  const program = new Command("p");
  program
    .command("build <file> [folder]")
    .description("builds")
    .option("-l, --level <n>", "how much")
    .option("--fast", "skip checks");
  const free = { kind: "free" };
  const help = { names: ["-h", "--help"], description: "display help for command", value: null };
  expect(commandShape(program).subcommands).toEqual([
    {
      path: ["build"],
      description: "builds",
      subcommands: [],
      flags: [
        { names: ["-l", "--level"], description: "how much", value: free },
        { names: ["--fast"], description: "skip checks", value: null },
        help,
      ],
      positionals: [{ kind: "file" }, { kind: "folder" }],
    },
  ]);
});
