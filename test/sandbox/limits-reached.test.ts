import { expect, test, type TestContext } from "vitest";
import { openPlace, shell, type Place } from "./kinds.ts";
import { smallLimits } from "./canaries.ts";

/** What a command reaches of the sandbox's limits; skipped where the kernel does not count it. */
async function reachedBy(script: string, context: TestContext): Promise<readonly string[]> {
  await using place: Place = await openPlace("bwrap", context, { limits: smallLimits });
  if (place.factory.facts["memory"]?.startsWith("control group") !== true)
    return context.skip("no control groups can be made here");
  await shell(place.sandbox, script, { timeoutMs: 20_000 });
  return place.sandbox.limitsReached();
}

test("a command within its limits has reached none", async (context) => {
  expect(await reachedBy("echo x", context)).toEqual([]);
});

test("a process that the kernel ended for its memory is told of, also where the command went on", async (context) => {
  const script = `python3 -c 'b = bytearray(10**9); b[::4096] = b"x" * len(b[::4096])'; echo went on`;
  expect(await reachedBy(script, context)).toEqual(["memory"]);
});

test("processes that could not be started are told of", async (context) => {
  const script = "for i in $(seq 300); do sleep 5 & done 2>/dev/null; true";
  expect(await reachedBy(script, context)).toEqual(["processes"]);
});
