import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { invoke } from "./invoke.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const experiment = join(folder.path, "noted.yaml");
writeFileSync(experiment, "name: noted\nstack: {kind: embedded}\nworkload: {domain: '${WHICH:-none}'}\n");

function file(name: string, text: string): string {
  writeFileSync(join(folder.path, name), text);
  return name;
}

/** Domain that a plan of the experiment names, given these words. */
async function planned(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await invoke(["plan", experiment, "--json", ...words], {
    environment,
    workingDirectory: folder.path,
  });
  return code === 0 ? (JSON.parse(stdout) as { workload: { domain: string } }).workload.domain : stderr;
}

test("variables come from the file, wherever the flag stands, and what is set already wins", async () => {
  const first = file("first.env", "# which tasks\nexport WHICH=library\nOTHER='a\nb = c'\n\n");
  expect(await planned(["--env-file", first])).toBe("library");
  expect(await planned([`--env-file=${first}`])).toBe("library");
  expect(
    (await invoke(["--env-file", first, "plan", experiment], { workingDirectory: folder.path })).code,
  ).toBe(0);
  expect(await planned(["--env-file", first], { WHICH: "unheard-of" })).toMatch(/unheard-of/);
});

test("of two files the later one wins", async () => {
  const names = [file("wrong.env", "WHICH=unheard-of\r\n"), file("right.env", "WHICH=library\r\n")];
  expect(await planned(names.flatMap((name) => ["--env-file", name]))).toBe("library");
});

test.each<[string, string | null, RegExp]>([
  ["is not there", null, /--env-file absent\.env cannot be read: ENOENT/],
  [
    "has a line that sets nothing",
    "A=1\nB='x\ny'\nsk-verysecret\n",
    /line 4 sets nothing\. Write NAME=VALUE/,
  ],
])("a file that %s: exit code 2, and nothing of it is shown", async (_, text, message) => {
  const name = text === null ? "absent.env" : file("broken.env", text);
  const { code, stderr } = await invoke(["plan", experiment, "--env-file", name], {
    workingDirectory: folder.path,
  });
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  expect(stderr).not.toContain("verysecret");
});

test("every command tells of it, and completion knows it", async () => {
  for (const words of [["sweep"], ["metrics", "snapshot"], ["simulate"], []])
    expect((await invoke([...words, "--help"])).stdout).toContain("--env-file <file>");
  expect((await invoke(["completion", "bash"])).stdout).toMatch(/"sweep"\) .*--env-file/);
});
