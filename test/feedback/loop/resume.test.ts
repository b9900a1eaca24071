import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stepLineSchema, type StepLine } from "../../../bench/feedback/files/step-line.ts";
import { Interruption } from "../../../bench/feedback/loop/interruption.ts";
import { trainPreference } from "../../../bench/feedback/loop/preference-run.ts";
import { FakeWorld, Killed, LoopFolder, partsOf, preference, type PartsGiven } from "./fake-trainer.ts";

const noTime = (line: StepLine) => ({ ...line, timing_s: 0 });

function linesIn(folder: LoopFolder): readonly StepLine[] {
  const text = readFileSync(join(folder.path, preference.name, "steps.jsonl"), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => noTime(stepLineSchema.parse(JSON.parse(line))));
}

async function train(world: FakeWorld, folder: LoopFolder, given?: PartsGiven) {
  return await trainPreference(partsOf(world, folder, given), preference, () => Promise.resolve());
}

/** One that nobody disturbed. */
async function unbroken(given?: PartsGiven) {
  using folder = new LoopFolder();
  const world = new FakeWorld();
  await train(world, folder, given);
  return { lines: linesIn(folder), world };
}

test("steps are done in order, each with the next prompts, and every update is by its own batch", async () => {
  const { lines, world } = await unbroken();
  expect(lines.map(({ step, sub_step_count }) => [step, sub_step_count])).toEqual([
    [0, 2],
    [1, 2],
    [2, 2],
  ]);
  expect(lines.map(({ samples }) => samples.map(({ prompt }) => prompt))).toEqual([
    ["one", "two"],
    ["three", "one"],
    ["two", "three"],
  ]);
  expect(lines.map((line) => line.eval.logprob_margin?.margin_delta_from_baseline ?? null)).toEqual([
    2,
    null,
    6,
  ]);
  expect(lines.map(({ trained_tokens, sdpo_metrics }) => [trained_tokens, sdpo_metrics])).toEqual([
    [30, { distill_loss: 1 / 2 }],
    [70, { distill_loss: 1 / 4 }],
    [110, { distill_loss: 1 / 6 }],
  ]);
  const { batches } = world.of("eval/short");
  expect(batches.map(({ samples, feedback }) => [samples.length, feedback])).toEqual(
    Array.from({ length: 6 }, () => [2, "Be short."]),
  );
  expect(lines[0]).toMatchObject({ missing: [], uncertain_updates: 0, serving: null, prompt_used: "one" });
});

describe("a driver that is killed at any call of the trainer", () => {
  test.each([true, false])("is gone on with as if it had not been (call done: %s)", async (done) => {
    const whole = await unbroken();
    for (let at = 0; at < whole.world.calls; at += 1) {
      using folder = new LoopFolder();
      const world = new FakeWorld();
      world.kill = { at, done };
      await expect(train(world, folder)).rejects.toBeInstanceOf(Killed);
      await train(world, folder);
      expect({ at, lines: linesIn(folder) }).toEqual({ at, lines: whole.lines });
      expect(world.of("eval/short").updates).toBe(6);
    }
  });

  test("once more in each of many drivers", async () => {
    const whole = await unbroken();
    using folder = new LoopFolder();
    const world = new FakeWorld();
    let drivers = 0;
    for (let ended = false; !ended; drivers += 1) {
      // Every driver gets a little further than the last one: its second to fifth call is the last.
      world.kill = { at: world.calls + 1 + (drivers % 4), done: drivers % 2 === 0 };
      ended = await train(world, folder).then(
        () => true,
        () => false,
      );
    }
    expect(drivers).toBeGreaterThan(8);
    expect(linesIn(folder)).toEqual(whole.lines);
    expect(world.of("eval/short").updates).toBe(6);
  });

  test("where the trainer does not count, the update in question is called uncertain and not made again", async () => {
    const whole = await unbroken();
    for (const done of [true, false]) {
      let inQuestion = 0;
      for (let at = 0; at < whole.world.calls; at += 1) {
        using folder = new LoopFolder();
        const world = new FakeWorld();
        world.counts = false;
        world.kill = { at, done };
        await train(world, folder).catch(() => undefined);
        await train(world, folder);
        const lines = linesIn(folder);
        const uncertain = lines.reduce((sum, line) => sum + line.uncertain_updates, 0);
        const counted = lines.reduce((sum, line) => sum + line.sub_step_count, 0);
        const { updates } = world.of("eval/short");
        expect([at, updates]).toEqual([at, counted + (done ? uncertain : 0)]);
        const inDoubt = lines.filter((line) => line.uncertain_updates > 0);
        expect(inDoubt.map(({ trained_tokens }) => trained_tokens)).toEqual(inDoubt.map(() => null));
        inQuestion += uncertain;
      }
      // Once for each of the six updates: it was the call at which the driver died.
      expect([done, inQuestion]).toEqual([done, 6]);
    }
  });
});

test("stopped at any place between two things, it goes on there", async () => {
  const whole = await unbroken();
  let stopped = 0;
  for (let stopAt = 0; ; stopAt += 1) {
    using folder = new LoopFolder();
    const world = new FakeWorld();
    const first = await train(world, folder, { stopAt }).catch((error: unknown) => error);
    if (!(first instanceof Interruption)) break;
    stopped += 1;
    const calls = world.calls;
    await train(world, folder);
    expect(linesIn(folder)).toEqual(whole.lines);
    // Nothing that was done is asked again, but for the count of updates.
    expect(world.calls).toBeGreaterThan(calls);
  }
  expect(stopped).toBeGreaterThan(20);
});

test.each([
  ["steps.jsonl", '{"preference":"short","step":1,"times'],
  ["journal.jsonl", '{"v":1,"step":1,"elap'],
])("a torn last line of %s is cut off", async (name, torn) => {
  const whole = await unbroken();
  using folder = new LoopFolder();
  const world = new FakeWorld();
  await train(world, folder, { stopAt: 9 }).catch(() => undefined);
  appendFileSync(join(folder.path, preference.name, name), torn);
  await train(world, folder);
  expect(linesIn(folder)).toEqual(whole.lines);
});

test("what is finished is not begun again", async () => {
  using folder = new LoopFolder();
  const world = new FakeWorld();
  await train(world, folder);
  const { calls } = world;
  const { steps } = await train(world, folder);
  expect([world.calls, steps.length]).toEqual([calls, 3]);
});

test("a step that another hand has taken out is told of", async () => {
  using folder = new LoopFolder();
  await train(new FakeWorld(), folder);
  const path = join(folder.path, preference.name, "steps.jsonl");
  const [first = "", , third = ""] = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, `${first}\n${third}\n`);
  await expect(train(new FakeWorld(), folder)).rejects.toThrow(
    /steps\.jsonl:2 is step 2, where step 1 is wanted/,
  );
});
