import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Pacer } from "../../bench/load/pacer.ts";
import { systemClock } from "../../bench/measure/clock.ts";
import { createRng, shuffled } from "../../bench/statistics/rng.ts";

const nowNs = () => systemClock.nowNs();

test("actions run in the order of their times, none early, equal ones as they were given", async () => {
  const pacer = new Pacer(nowNs);
  const startNs = nowNs() + 5e6;
  const ran: { readonly key: string; readonly earlyNs: number }[] = [];
  const dues = Array.from({ length: 200 }, (_, at) => ({
    key: `${at}`,
    atNs: startNs + Math.floor(at / 2) * 0.3e6,
  }));
  for (const { key, atNs } of shuffled(createRng(3), dues).toSorted(
    (a, b) => (Number(a.key) % 2) - (Number(b.key) % 2),
  )) {
    pacer.at(atNs, () => ran.push({ key, earlyNs: atNs - nowNs() }));
  }
  while (ran.length < dues.length) await sleep(5);
  expect(ran.map(({ key }) => key)).toEqual(dues.map(({ key }) => key));
  expect(ran.filter(({ earlyNs }) => earlyNs > 0)).toEqual([]);
});

test("an earlier action overtakes the one that is slept for, and what was cleared never runs", async () => {
  const pacer = new Pacer(nowNs);
  const ran: string[] = [];
  const startNs = nowNs();
  pacer.at(startNs + 30e6, () => ran.push("late"));
  pacer.at(startNs + 3e6, () => ran.push("early"));
  while (ran.length < 2) await sleep(1);
  expect(ran).toEqual(["early", "late"]);
  pacer.at(nowNs() + 3e6, () => ran.push("never"));
  expect(pacer.leftNs()).toBeLessThanOrEqual(3e6);
  pacer.clear();
  expect(pacer.leftNs()).toBe(Number.POSITIVE_INFINITY);
  await sleep(10);
  expect(ran).toEqual(["early", "late"]);
});
