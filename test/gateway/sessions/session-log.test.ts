import { spawnSync } from "node:child_process";
import { appendFileSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TemporaryFolder, type TollgateProcess } from "../../e2e/tollgate-process.ts";
import { libraryEngine, modelFolder } from "../recorded-run.ts";
import { expectJson, GatewayProcess, GatewayUser } from "../gateway-process.ts";

let engine: { readonly process: TollgateProcess; readonly url: string };

beforeAll(async () => {
  engine = await libraryEngine("user");
});
afterAll(() => engine.process[Symbol.asyncDispose]());

const ask = (...contents: string[]) => ({
  messages: contents.map((content, at) => ({ role: at % 2 === 0 ? "user" : "assistant", content })),
  max_tokens: 8,
  ignore_eos: true,
});

test.each(["L0", "L1", "L2"] as const)(
  "at %s kill -9 loses no finished call, and a torn line at the end is dropped",
  async (level) => {
    using folder = new TemporaryFolder();
    const log = join(folder.path, "gateway.log");
    const flags = ["--level", level, "--tokenizer", modelFolder, "--log", log];
    const open = await (async () => {
      await using first = await GatewayProcess.start(engine.url, ...flags);
      const user = new GatewayUser(first.url);
      const rewarded = await user.startSession("rewarded");
      const going = await user.startSession("going-on");
      const gone = await user.startSession("gone");
      for (const { key } of [rewarded, going, gone])
        expectJson(await user.chat(key, { ...ask("one"), stream: false }));
      expectJson(await user.reward(rewarded.key, { reward: 0.5 }));
      expectJson(await user.reward(gone.key));
      await user.exported(gone.id);
      const second = expectJson(await user.chat(going.key, ask("one", "x", "two"))) as { id: string };
      expectJson(await user.reward(going.key, { reward: 0.25, interaction_id: second.id, final: false }));
      await first.kill();
      return { rewarded, going, gone, second: second.id };
    })();
    expect(readFileSync(log, "utf8")).not.toContain(open.going.key);
    appendFileSync(log, '{"type":"call","session":"going-on-0","ca');

    await using second = await GatewayProcess.start(engine.url, ...flags);
    expect(second.process.stderr).toContain("ends in the middle of a line");
    expect(second.process.stderr).toContain("2 open sessions taken up");
    const user = new GatewayUser(second.url);
    const kept = await user.exported(open.rewarded.id);
    expect([kept.level, kept.interactions.map(({ reward }) => reward)]).toEqual([level, [0.5]]);
    expect((await user.export(open.gone.id)).status).toBe(404);
    expectJson(await user.chat(open.going.key, ask("one", "x", "two", "y", "three")));
    expectJson(await user.reward(open.going.key));
    const whole = await user.exported(open.going.id);
    expect(whole.interactions.map(({ original_reward: reward }) => reward)).toEqual([null, 0.25, 1]);
    // The third call shares its beginning with what was recorded before the end of the first gateway.
    const tokens = whole.interactions.map((call) => call.tokens && call.tokens.break_cause);
    const again = "unknown: the gateway was started again in between";
    expect(tokens).toEqual(
      level === "L0" ? [null, null, null] : [null, "the model's answer was rewritten", again],
    );
  },
  180_000,
);

test("a log of another level, and one that is none, are refused with exit code 3", async () => {
  using folder = new TemporaryFolder();
  const log = join(folder.path, "gateway.log");
  await (async () => {
    await using first = await GatewayProcess.start(engine.url, "--log", log);
    await new GatewayUser(first.url).startSession("t");
  })();
  const started = (...flags: string[]) => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ["bench/gateway/program.ts", "--engine", engine.url, "--port", "0", "--admin-key-env", "K", ...flags],
      { env: { K: "k" }, encoding: "utf8" },
    );
    return [status, stderr] as const;
  };
  expect(started("--log", log, "--level", "L1")).toEqual([
    3,
    expect.stringContaining("was recorded at level L0"),
  ]);
  expect(started("--log", folder.path)).toEqual([3, expect.stringContaining("Give --log another file")]);
  appendFileSync(log, "not JSON\n");
  expect(started("--log", log)).toEqual([3, expect.stringContaining("Give --log another file")]);
  expect(started("--level", "L2", "--tokenizer", folder.path)).toEqual([
    3,
    expect.stringContaining(
      "it has no tokenizer.json. Give --tokenizer the folder that the engine was started with",
    ),
  ]);
});

test("a log that nobody needs any more is emptied", async () => {
  using folder = new TemporaryFolder();
  const log = join(folder.path, "gateway.log");
  await using gateway = await GatewayProcess.start(engine.url, "--log", log);
  const user = new GatewayUser(gateway.url);
  const { id, key } = await user.startSession("t");
  expectJson(await user.chat(key, { ...ask("one"), user: "x".repeat(1_200_000) }));
  expectJson(await user.reward(key));
  expect(statSync(log).size).toBeGreaterThan(1_000_000);
  await user.exported(id);
  expect(statSync(log).size).toBe(0);
});
