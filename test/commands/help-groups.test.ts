import { expect, test } from "vitest";
import { helpGroups } from "../../bench/commands/help-groups.ts";
import { invoke } from "./invoke.ts";

test("the help lists every command in a group, and each group once", async () => {
  const { stdout } = await invoke(["--help"]);
  const headings = [...stdout.matchAll(/^(\w+:)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(["Options:", ...Object.keys(helpGroups)]);
  const listed = [...stdout.matchAll(/^ {2}([a-z][a-z0-9-]+)(?: [[<].*?)? {2,}\S.*$/gm)].map(
    ([, name = ""]) => name,
  );
  expect(listed.length).toBeGreaterThan(25);
  const usages = Object.values(helpGroups).flatMap((commands) => Object.keys(commands));
  expect(new Set(listed)).toEqual(new Set([...usages.map((usage) => usage.split(" ")[0]), "help"]));
  expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test.each([
  [["swep", "--help"], "unknown command 'swep'", "Did you mean sweep?"],
  [["help", "swep"], "unknown command 'swep'", "Did you mean sweep?"],
  [["metrics", "help", "dif"], "unknown command 'dif'", "Did you mean diff?"],
])("%j is refused with a suggestion", async (words, message, suggestion) => {
  const { code, stdout, stderr } = await invoke(words);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
  expect(stderr).toContain(suggestion);
});

test("a misused command names its own help", async () => {
  expect((await invoke(["sweep"])).stderr).toContain("Run `tollgate sweep --help`.");
  expect((await invoke(["metrics", "diff"])).stderr).toContain("Run `tollgate metrics diff --help`.");
});
