import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { AgentWorkspace } from "../../../../bench/agent/agent.ts";
import { TemporaryFolder } from "../../../e2e/tollgate-process.ts";

interface Inside {
  readonly sandboxEnvironment: { readonly PATH: string; readonly HOME: string };
  readonly commandInside: (
    workspace: AgentWorkspace,
    call: {
      readonly command: string;
      readonly workdir: string;
      readonly env: Readonly<Record<string, string>>;
      readonly commandId: string;
    },
  ) => { readonly argv: readonly [string, ...string[]]; readonly env: Record<string, string> };
  readonly endCommand: (workspace: AgentWorkspace, commandId: string) => Promise<void>;
}

const source = new URL("../../../../bench/agent/openclaw/plugin/workspace/inside.js", import.meta.url).href;
const { commandInside, endCommand, sandboxEnvironment }: Inside = await import(source);

/** No sandbox: what is tried here is what the plugin adds. */
function workspaceIn(folder: string): AgentWorkspace {
  const environment = { PATH: "/usr/bin:/bin", HOME: "/sandbox-home" };
  return {
    directory: folder,
    hostDirectory: folder,
    enter: { file: "/usr/bin/env", arguments: ["FROM=enter"], environment },
  };
}

function run(folder: string, call: { command: string; workdir?: string; env?: Record<string, string> }) {
  const { command, workdir = folder, env = {} } = call;
  const spec = commandInside(workspaceIn(folder), {
    command,
    workdir,
    env: { ...sandboxEnvironment, OPENCLAW_SHELL: "exec", ...env },
    commandId: "id",
  });
  const [file, ...words] = spec.argv;
  return execFileSync(file, words, { env: spec.env, encoding: "utf8" });
}

test("a command gets the sandbox's PATH and HOME, what the model asks for, and nothing of the gateway", () => {
  using folder = new TemporaryFolder();
  const variables = run(folder.path, { command: "env", env: { A: "1 2\n3", "no-name": "x" } });
  expect(variables).toContain("PATH=/usr/bin:/bin\n");
  expect(variables).toContain("HOME=/sandbox-home\n");
  expect(variables).toContain("FROM=enter\n");
  expect(variables).toContain("A=1 2\n3\n");
  expect(variables).not.toContain("no-name");
  expect(variables).not.toContain("npm_");
  expect(run(folder.path, { command: "/usr/bin/env", env: { PATH: "/x:/y", HOME: "/z" } })).toMatch(
    /PATH=\/x:\/y\n[^]*HOME=\/z\n|HOME=\/z\n[^]*PATH=\/x:\/y\n/,
  );
});

test("it runs where it was asked to, under odd names, too, and not at all where that does not exist", () => {
  using folder = new TemporaryFolder();
  const odd = join(folder.path, "-n $(x) '\" ü");
  mkdirSync(odd);
  expect(run(folder.path, { command: "pwd", workdir: odd })).toBe(`${odd}\n`);
  expect(() => run(folder.path, { command: "touch here", workdir: join(folder.path, "none") })).toThrow(
    /cd to/,
  );
  expect(run(folder.path, { command: "ls" })).not.toContain("here");
});

test("what a command has started is found after the command was killed, and others' processes are left", async () => {
  using folder = new TemporaryFolder();
  const workspace = workspaceIn(folder.path);
  const started = ["one", "two"].map((commandId) => {
    const call = {
      command: "sleep 41 & setsid sleep 42 & sleep 43; true",
      workdir: folder.path,
      env: {},
      commandId,
    };
    const spec = commandInside(workspace, call);
    return spawn(spec.argv[0], spec.argv.slice(1), { env: spec.env, stdio: "ignore" });
  });
  const sleeping = (id: string) =>
    execFileSync("sh", ["-c", `grep -lzxF OPENCLAW_EXEC_ID=${id} /proc/[0-9]*/environ 2>/dev/null || true`])
      .toString()
      .split("\n").length - 1;
  try {
    while (sleeping("one") < 4 || sleeping("two") < 4) await sleep(20);
    started[0]?.kill("SIGKILL");
    await once(started[0] ?? process, "exit");
    await endCommand(workspace, "one");
    await expect.poll(() => [sleeping("one"), sleeping("two")]).toEqual([0, 4]);
  } finally {
    await endCommand(workspace, "one");
    await endCommand(workspace, "two");
  }
});
