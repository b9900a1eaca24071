import { expect, test } from "vitest";
import { printedVersion } from "../../../bench/stack/arms/printed-version.ts";

const environment = { PATH: process.env["PATH"] ?? "" };

test.each<[what: string, script: string, version: string | null]>([
  ["on its first line", "echo mine 1.2.3; echo more 4", "mine 1.2.3"],
  ["after a greeting", "echo; echo Hello; echo '  v2.0  '", "v2.0"],
  ["on stderr, with an exit code", "echo nginx/1.22.1 >&2; exit 3", "nginx/1.22.1"],
  ["nowhere", "echo unknown", null],
  ["as nothing", "true", null],
])("a program that says its version %s", async (_, script, version) => {
  expect(await printedVersion(["sh", "-c", script], environment)).toBe(version);
});

test("of a program that is not there no version is known", async () => {
  expect(await printedVersion(["no-such-program"], environment)).toBeNull();
});
