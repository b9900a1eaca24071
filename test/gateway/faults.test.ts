import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerMessage } from "../../bench/gateway/trajectories/answer-message.ts";
import { TemporaryFolder, type TollgateProcess } from "../e2e/tollgate-process.ts";
import { adminKey, expectJson, GatewayProcess, GatewayUser, send } from "./gateway-process.ts";
import { engineLog, libraryEngine, modelFolder } from "./recorded-run.ts";

const levels = ["L0", "L1", "L2"] as const;
let engine: { readonly process: TollgateProcess; readonly url: string };

beforeAll(async () => {
  engine = await libraryEngine("user");
});
afterAll(() => engine.process[Symbol.asyncDispose]());

const start = (level: string, folder = modelFolder, ...more: readonly string[]) =>
  GatewayProcess.start(engine.url, "--level", level, "--tokenizer", folder, ...more);
const body = { messages: [{ role: "user", content: "hi" }], max_tokens: 4, ignore_eos: true };
const facts = async (reply: Promise<{ status: number; text: string }>) => {
  const { status, text } = await reply;
  const { detail, message } = JSON.parse(text) as { detail?: string; message?: string };
  return [status, detail ?? message];
};

test.each(levels)(
  "%s: bad input has the dialect's status and a message, and leaves no trace",
  async (level) => {
    await using gateway = await start(level);
    const user = new GatewayUser(gateway.url);
    const { id, key } = await user.startSession("t");
    expect([
      await facts(user.reward(key)),
      await facts(user.export(id)),
      await facts(user.chat("wrong", body)),
      await facts(user.reward("wrong")),
      await facts(user.export("nosuch")),
      await facts(send(`${gateway.url}/export_trajectories`, "wrong", { session_ids: [id] })),
      await facts(user.chat(key, { ...body, n: 2 })),
      await facts(user.chat(key, "{not JSON")),
      await facts(user.chat(key, { ...body, messages: [{ role: "user", content: "x".repeat(50 << 20) }] })),
      await facts(send(`${gateway.url}/rl/start_session`, adminKey, "x".repeat(50 << 20))),
    ]).toEqual([
      [400, "No interactions in session"],
      [409, "Session t-0 has no finished trajectory: no reward has been set"],
      [401, "Unknown API key"],
      [401, "Unknown API key"],
      [404, "Session nosuch not found"],
      [403, "Invalid admin API key"],
      [400, "n must be 1: a call in a recorded conversation has one answer"],
      [400, expect.stringContaining("JSON")],
      [413, "Request body is longer than 33554432 bytes"],
      [413, "Request body is longer than 1048576 bytes"],
    ]);
    expectJson(await user.chat(key, { ...body, store: false }));
    const rewarded = { reward: 1, interaction_id: null };
    expect(expectJson(await user.reward(key, rewarded))).toMatchObject({
      interaction_count: 1,
      ready_transition: true,
    });
    expect(expectJson(await user.reward(key, { reward: 0 }))).toMatchObject({
      interaction_count: 1,
      ready_transition: false,
    });
    const traj = await user.exported(id);
    expect(traj.interactions.map(({ reward, tokens }) => [reward, tokens === null])).toEqual([
      [1, level === "L0"],
    ]);
    expect(traj.streaming).toBe(level === "L1" ? "simulated" : "true");
    expect((await user.export(id)).status).toBe(404);
  },
  180_000,
);

test.each(levels)(
  "%s: a prompt that is too long is refused as the engine refuses it",
  async (level) => {
    await using gateway = await start(level);
    const user = new GatewayUser(gateway.url);
    const { key } = await user.startSession("t");
    const long = { messages: [{ role: "user", content: "word ".repeat(140_000) }] };
    const direct = await facts(send(`${engine.url}/v1/chat/completions`, "none", long));
    expect(direct).toEqual([400, expect.stringMatching(/longer than the model's context length/)]);
    expect(await facts(user.chat(key, long))).toEqual(direct);
    expect((await user.reward(key)).status).toBe(400);
  },
  180_000,
);

test("L1: a stream is made of the whole answer; what the client did not ask for stays out of it", async () => {
  await using gateway = await start("L1");
  const user = new GatewayUser(gateway.url);
  const { key } = await user.startSession("t");
  const whole = await user.chat(key, body);
  const streamed = await user.chat(key, { ...body, stream: true, stream_options: { include_usage: true } });
  const asked = await user.chat(key, { ...body, logprobs: true, return_token_ids: true });
  expect(answerMessage(streamed.text)).toEqual(answerMessage(whole.text));
  expect(streamed.text).toMatch(/^data: .*"role":"assistant".*"completion_tokens":4.*data: \[DONE\]\n\n$/s);
  expect(whole.text).not.toMatch(/token_ids|meta_info|"logprobs":\{/);
  expect(JSON.parse(asked.text)).toMatchObject({
    choices: [
      { token_ids: expect.any(Array) as unknown[], logprobs: { content: expect.any(Array) as unknown[] } },
    ],
  });
  expect((await user.chat(key, { ...body, stream: true, logprobs: true })).status).toBe(400);
  const page = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(page).toContain('tollgate_gateway_recording_info{level="L1",streaming="simulated"} 1');
});

test("L1 and L2 ask the engine once for every call, and for the same prompt", async () => {
  const logged: Awaited<ReturnType<typeof engineLog>>[] = [];
  for (const level of ["L1", "L2"]) {
    await using gateway = await start(level);
    const before = (await engineLog(engine.url)).length;
    const { key } = await new GatewayUser(gateway.url).startSession("t");
    expectJson(await new GatewayUser(gateway.url).chat(key, body));
    logged.push((await engineLog(engine.url)).slice(before));
  }
  const [first, second] = logged.map(([call]) => [call?.promptIds, call?.outputIds]);
  expect([logged.map(({ length }) => length), first]).toEqual([[1, 1], second]);
});

test("L2: a gateway with another model's files does not start, unless that is meant", async () => {
  using folder = new TemporaryFolder();
  cpSync(modelFolder, folder.path, { recursive: true });
  const config = readFileSync(join(modelFolder, "tokenizer_config.json"), "utf8");
  writeFileSync(join(folder.path, "tokenizer_config.json"), config.replace("# Functions", "# Tools"));
  await expect(start("L2", folder.path)).rejects.toThrow(
    /makes \d+ tokens of a conversation.*# Functions.*# Tools.*Without tools the two are equal.*--rendering-check warn/s,
  );
  await using meant = await start("L2", folder.path, "--rendering-check", "warn");
  await using same = await start("L2");
  const results = await Promise.all(
    [meant, same].map(
      async ({ url }) =>
        /rendering_check\{result="(\w+)",tool_form=".+"\}/.exec(
          await (await fetch(`${url}/metrics`)).text(),
        )?.[1],
    ),
  );
  expect(results).toEqual(["different", "equal"]);
});

test("L2: a template that throws is the client's 400, with the template's message", async () => {
  using folder = new TemporaryFolder();
  cpSync(modelFolder, folder.path, { recursive: true });
  const template =
    "{% if messages[0].role != 'system' %}{{ raise_exception('A system message must come first') }}{% endif %}hello";
  writeFileSync(join(folder.path, "chat_template.jinja"), template);
  // The engine has another template, and says so when it is asked at the start.
  await expect(start("L2", folder.path)).rejects.toThrow(
    /refused the messages|start with --rendering-check warn/,
  );
  await using gateway = await start("L2", folder.path, "--rendering-check", "warn");
  const user = new GatewayUser(gateway.url);
  const { key } = await user.startSession("t");
  expect(await facts(user.chat(key, body))).toEqual([
    400,
    expect.stringMatching(/^The chat template refused the messages: .*A system message must come first/),
  ]);
  expect((await user.reward(key)).status).toBe(400);
});
