import { describe, expect, test } from "vitest";
import { chooseSandbox } from "../../bench/sandbox/choice/choose.ts";
import { factoryOf, requestIn, runId, shell, testFolder } from "./kinds.ts";

/** Among the programs of every machine that these kinds work on. */
const folder = "/usr/share/zoneinfo";
const file = "/usr/lib/os-release";

describe.each(["bwrap", "unshare"] as const)("%s", (kind) => {
  test("a hidden file is as empty as a hidden folder, and what lies beside it is there", async (context) => {
    using place = testFolder();
    if ((await factoryOf(kind, place.path)) === null)
      context.skip(`this machine has no sandbox of kind ${kind}`);
    const sandboxes = await chooseSandbox(
      { kind },
      {
        childEnvironment: { PATH: process.env["PATH"] ?? "", TOLLGATE_RUN: runId },
        scratchDirectory: place.path,
        hidden: [folder, file, "/usr/no/such/file"],
      },
    );
    await using sandbox = await sandboxes.open(requestIn(place.path));
    const { stdout } = await shell(
      sandbox,
      `cat ${file} | wc -c; ls ${folder} | wc -l; ls /usr/lib | grep -c .`,
    );
    const [bytes, entries, beside] = stdout.split("\n").map(Number);
    expect([bytes, entries]).toEqual([0, 0]);
    expect(beside).toBeGreaterThan(3);
  });
});
