import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { Alarm } from "../../bench/load/alarm.ts";
import { Pacer } from "../../bench/load/pacer.ts";
import { systemClock } from "../../bench/measure/clock.ts";
import { createRng, shuffled } from "../../bench/statistics/rng.ts";

const nowNs = () => systemClock.nowNs();
const alarm = await Alarm.start();
afterAll(() => alarm[Symbol.asyncDispose]());

test("actions run in the order of their times, none early, equal ones as they were given", async () => {
  const pacer = new Pacer(nowNs, alarm);
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

test("whoever looks runs what is due, although the alarm gets no processor to ring", () => {
  const pacer = new Pacer(nowNs, { set: () => undefined, onRing: () => undefined });
  const ran: string[] = [];
  const dueNs = nowNs() + 10e6;
  pacer.at(dueNs, () => ran.push("due"));
  pacer.at(dueNs + 3600e9, () => ran.push("later"));
  pacer.look();
  expect(ran).toEqual([]);
  while (nowNs() < dueNs);
  pacer.look();
  expect(ran).toEqual(["due"]);
});

test("an earlier action overtakes the one that is slept for, and what was cleared never runs", async () => {
  const pacer = new Pacer(nowNs, alarm);
  const ran: string[] = [];
  const startNs = nowNs();
  pacer.at(startNs + 30e6, () => ran.push("late"));
  pacer.at(startNs + 3e6, () => ran.push("early"));
  while (ran.length < 2) await sleep(1);
  expect(ran).toEqual(["early", "late"]);
  pacer.at(nowNs() + 50e6, () => ran.push("never"));
  expect(pacer.leftNs()).toBeLessThanOrEqual(50e6);
  pacer.clear();
  expect(pacer.leftNs()).toBe(Number.POSITIVE_INFINITY);
  await sleep(100);
  expect(ran).toEqual(["early", "late"]);
});

test("between 1,000 actions a second the thread sleeps nine tenths of the time, and none is later than a look at the clock", async () => {
  const { hand, pacer } = pacerByHand();
  const startNs = 5e6;
  const lateNs: number[] = [];
  for (let at = 0; at < 1_000; at += 1) {
    const atNs = startNs + at * 1e6;
    pacer.at(atNs, () => lateNs.push(hand.nowNs - atNs));
  }
  // A machine on which an alarm is 50 us late, and one turn of the loop takes 10 us: this long, or as long as the thread sleeps.
  const [turnNs, alarmLateNs] = [10e3, 50e3];
  let turns = 0;
  while (lateNs.length < 1_000) {
    if (hand.setNs === Number.POSITIVE_INFINITY) {
      hand.nowNs += turnNs;
      turns += 1;
    } else {
      hand.nowNs = Math.max(hand.nowNs, hand.setNs) + alarmLateNs;
      hand.setNs = Number.POSITIVE_INFINITY;
      hand.ring();
    }
    await nextTurn();
  }
  expect((turns * turnNs) / (hand.nowNs - startNs)).toBeLessThan(0.1);
  expect(Math.max(...lateNs)).toBeLessThanOrEqual(turnNs);
});

/** A pacer whose clock and alarm a test moves by hand. */
function pacerByHand() {
  const hand = { nowNs: 0, setNs: Number.POSITIVE_INFINITY, ring: () => undefined as void };
  const pacer = new Pacer(() => hand.nowNs, {
    set: (atNs) => (hand.setNs = atNs),
    onRing: (action) => (hand.ring = action),
  });
  /** Lets the alarm ring so much too late, and returns the lead that follows. */
  const ringLate = async (lateNs: number) => {
    pacer.at(hand.nowNs + 10e6, () => undefined);
    hand.nowNs = hand.setNs + lateNs;
    hand.ring();
    const { leadNs } = pacer;
    pacer.clear();
    await sleep(0);
    return leadNs;
  };
  return { hand, pacer, ringLate };
}

test("the alarm is set as long before an action as alarms were late, at once longer and slowly shorter", async () => {
  const { ringLate } = pacerByHand();
  for (let times = 0; times < 300; times += 1) await ringLate(10_000);
  expect(await ringLate(10_000)).toBe(0.1e6);
  expect(await ringLate(0.3e6)).toBe(0.3e6);
  expect(await ringLate(10_000)).toBeCloseTo(0.3e6 * 0.98);
  expect(await ringLate(80e6)).toBe(0.5e6);
});

test("a ring of an alarm that was replaced meanwhile is no lateness", async () => {
  const { hand, pacer } = pacerByHand();
  const ran: string[] = [];
  pacer.at(20e6, () => ran.push("late"));
  pacer.at(5e6, () => ran.push("early"));
  expect(hand.setNs).toBe(5e6 - 0.5e6);
  hand.nowNs = 2e6;
  hand.ring();
  expect(pacer.leadNs).toBe(0.5e6);
  hand.nowNs = 5e6;
  hand.ring();
  await sleep(1);
  expect([ran, hand.setNs]).toEqual([["early"], 20e6 - pacer.leadNs]);
});
