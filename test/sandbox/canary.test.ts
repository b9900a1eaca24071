import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { canary, escapes, placeOutside } from "./canaries.ts";
import { openPlace } from "./kinds.ts";
import { escaped, waiting } from "./try-escapes.ts";

/** Docker is tried in the long tier: its commands take a tenth of a second each to start. */
describe.each(["bwrap", "unshare"] as const)("%s", (kind) => {
  test("no command gets out", { timeout: 240_000 }, async (context) => {
    await using place = await openPlace(kind, context, waiting(25));
    await using outside = await placeOutside(place.folder);
    expect(await escaped(place, outside)).toEqual([]);
    expect(outside.neighbour.signalCode).toBeNull();
  });

  test("files that its caller has open are not open inside", async (context) => {
    await using place = await openPlace(kind, context);
    await using outside = await placeOutside(place.folder);
    const look = [
      "sh",
      "-c",
      "for fd in 7 123; do cat /proc/self/fd/$fd /proc/1/fd/$fd; done 2>/dev/null </dev/null; echo ended",
    ];
    const openFiles = 'secret=$0; exec 7<"$secret" 123<"$secret"; exec "$@"';
    const started = async (command: readonly string[], environment = process.env) =>
      promisify(execFile)("bash", ["-c", openFiles, outside.secret, ...command], { env: environment });
    const { file, arguments: args, environment } = place.sandbox.enter(look);
    expect((await started(look)).stdout).toContain(canary);
    expect((await started([file, ...args], { ...environment })).stdout).toBe("ended\n");
  });
});

test(
  "without a sandbox every command gets out: the attempts are real",
  { timeout: 240_000 },
  async (context) => {
    await using place = await openPlace("none", context, waiting(0));
    await using outside = await placeOutside(place.folder);
    const tried = escapes.filter(({ heldOnly }) => heldOnly === undefined);
    const out = await escaped(place, outside, tried);
    expect(tried.map(({ name }) => name).filter((name) => !out.includes(name))).toEqual([]);
  },
);
