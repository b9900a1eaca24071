import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withoutInherited } from "../../bench/sandbox/descriptors.ts";
import { testFolder } from "./kinds.ts";

test("what is open already is closed, and no start file of the user's shell is read meanwhile", () => {
  using folder = testFolder();
  writeFileSync(join(folder.path, ".bashrc"), "echo from the start file");
  // Descriptor 12 makes bash close it; a pipe of Node is a socket, which bash takes for a login from afar.
  const script = `exec 5</dev/null; exec "$0" --norc -c 'exec 12</dev/null; exec sh -c "$1"' bash "$1"`;
  const inner = `${withoutInherited}\nbecome ls /proc/self/fd`;
  const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", script, "bash", inner], {
    env: { PATH: "/usr/bin:/bin", HOME: folder.path },
    encoding: "utf8",
    input: "",
  });
  expect([stdout, stderr]).toEqual(["0\n1\n2\n3\n", ""]);
});
