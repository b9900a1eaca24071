import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { StartError } from "../../bench/errors.ts";
import { StartWatch } from "../../bench/run/start-watch.ts";
import type { StackDeath } from "../../bench/stack/stack.ts";

function stackWith(death: () => StackDeath | null) {
  return { arms: [{ spec: { name: "raw" } }], death } as unknown as ConstructorParameters<
    typeof StartWatch
  >[0];
}
const dead = (part: StackDeath["part"]): StackDeath => ({ part, arm: null, message: `${part} was killed` });

test("a tap that ends while an agent starts ends the start, and is named", async () => {
  using watch = new StartWatch(stackWith(() => dead("tap")));
  const started = watch.during(sleep(60_000, undefined, { signal: watch.signal }));
  await expect(started).rejects.toThrow(/The tap ended while the agent was started: tap was killed/);
  await expect(started).rejects.toBeInstanceOf(StartError);
});

test("an engine that ends is started again later, and what else goes wrong with a start is told as it is", async () => {
  using watch = new StartWatch(stackWith(() => dead("engine")));
  await expect(watch.during(sleep(600, "started"))).resolves.toBe("started");
  expect(watch.signal.aborted).toBe(false);
  await expect(watch.during(Promise.reject(new Error("no OpenClaw")))).rejects.toThrow("no OpenClaw");
});
