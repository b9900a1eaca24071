import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

test("a gateway's 502 carries the tap's own fault while the tap has no descriptors, and none afterwards", () => {
  const fixture = join(import.meta.dirname, "fixtures/without-descriptors.ts");
  const words = ["-c", 'ulimit -n 200; exec "$0" "$1"', process.execPath, fixture];
  const said = JSON.parse(execFileSync("bash", words, { encoding: "utf8", timeout: 60_000 })) as unknown;
  expect(said).toEqual([
    [200, null],
    [502, expect.stringMatching(/^EMFILE: the tap/)],
    [502, null],
  ]);
});
