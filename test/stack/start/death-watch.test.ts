import { expect, test } from "vitest";
import type { OwnedPart } from "../../../bench/stack/part.ts";
import { DeathWatch } from "../../../bench/stack/start/death-watch.ts";

function part(name: string, arm: string | null) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const owned: OwnedPart = {
    part: arm === null ? "engine" : "gateway",
    arm,
    running: {
      name,
      ended: promise,
      lastLogLines: () => "its last line",
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
  };
  return { owned, end: resolve };
}

test("the death of a gateway is its arm's, that of an engine everyone's; the first one of each is told", async () => {
  const deaths = new DeathWatch();
  const [engine, gateway] = [part("engine", null), part("gateway a", "a")];
  for (const { owned } of [engine, gateway]) deaths.watch(owned);
  expect([deaths.of(null), deaths.of("a")]).toEqual([null, null]);
  gateway.end("code 9");
  await Promise.resolve();
  expect(deaths.of("a")?.message).toBe("gateway a ended with code 9. Its log ends with:\nits last line");
  expect([deaths.of(null), deaths.of("b")]).toEqual([null, null]);
  engine.end("SIGKILL");
  await Promise.resolve();
  expect(deaths.of(null)).toMatchObject({ part: "engine", arm: null });
});

test("what was started again is forgotten, and can die again", async () => {
  const deaths = new DeathWatch();
  const first = part("engine", null);
  deaths.watch(first.owned);
  first.end("code 1");
  await Promise.resolve();
  const death = deaths.of(null);
  if (death !== null) deaths.forget(death);
  expect(deaths.of(null)).toBeNull();
  const second = part("engine", null);
  deaths.watch(second.owned);
  second.end("code 2");
  await Promise.resolve();
  expect(deaths.of(null)?.message).toContain("code 2");
});

test("parts that end because the stack is taken down are no deaths", async () => {
  const deaths = new DeathWatch();
  const engine = part("engine", null);
  deaths.watch(engine.owned);
  deaths.stopWatching();
  engine.end("code 0");
  await Promise.resolve();
  expect(deaths.of(null)).toBeNull();
});
