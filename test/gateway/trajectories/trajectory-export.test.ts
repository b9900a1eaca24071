import { expect, test } from "vitest";
import { expectJson, GatewayUser, type ExportedTraj } from "../gateway-process.ts";
import { endId, gatewayOverGenerate, idsOf, tokenizer, writes } from "../calls/generate-engine.ts";

const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }];
const question = { role: "user", content: "Do f." };
const written = '<tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>';
const echo = (text: string, more: object = { content: "" }) => ({
  role: "assistant",
  ...more,
  tool_calls: [{ id: "other", type: "function", function: { name: "f", arguments: text } }],
});
const result = { role: "tool", tool_call_id: "other", content: "done" };

/** Two calls: a question answered with a tool call, and its result answered with a text. */
async function twoCalls(second: object = echo('{"a": 1}')) {
  const rig = await gatewayOverGenerate();
  const user = new GatewayUser(rig.url);
  const session = await user.startSession("t");
  const ask = async (text: string, messages: readonly object[]) => {
    rig.answer = writes(text);
    const { id } = expectJson(await user.chat(session.key, { messages, tools })) as { id: string };
    return id;
  };
  const first = await ask(written, [question]);
  const last = await ask("Finished.", [question, second, result]);
  return { rig, user, ...session, ask, ids: [first, last] as const };
}
const rewardsOf = ({ interactions }: ExportedTraj) =>
  interactions.map(({ interaction_id: id, reward }) => [id, reward]);

/** AReaL's own answers to these, where ours is the same; where it is not, ours is said to be so. */
test.each<
  readonly [string, { reward: number; first?: number; discount: number; returns: readonly number[] }]
>([
  ["the last reward is 1", { reward: 1, discount: 1, returns: [1, 1] }],
  ["the last reward is 1, discounted", { reward: 1, discount: 0.5, returns: [0.5, 1] }],
  ["the first call has one of its own", { reward: 1, first: 0.25, discount: 0.5, returns: [0.75, 1] }],
])("returns: %s", async (_name, { reward, first, discount, returns }) => {
  const { rig, user, id, key, ids } = await twoCalls();
  await using _rig = rig;
  const turns = first === undefined ? [] : [{ reward: first, interaction_id: ids[0], final: false }];
  const receipts = await Promise.all(turns.map(async (turn) => expectJson(await user.reward(key, turn))));
  expect(receipts).toEqual(
    turns.map(() => expect.objectContaining({ trajectory_ready: false, ready_transition: false }) as object),
  );
  expect(expectJson(await user.reward(key, { reward }))).toMatchObject({
    trajectory_ready: true,
    ready_transition: true,
  });
  const again = await user.exported(id, { discount, remove_session: false });
  const traj = await user.exported(id, { discount });
  expect(traj).toEqual(again);
  expect(rewardsOf(traj)).toEqual(ids.map((one, at) => [one, returns[at]]));
  expect((await user.export(id)).status).toBe(404);
});

test("a failed call between the last answer and the reward changes no return", async () => {
  const { rig, user, id, key, ids } = await twoCalls();
  await using _rig = rig;
  rig.answer = (_body, response) => response.writeHead(500).end("{}");
  expect((await user.chat(key, { messages: [question, question] })).status).toBe(500);
  await user.reward(key);
  expect(rewardsOf(await user.exported(id))).toEqual(ids.map((one) => [one, 1]));
});

test.each([
  ["an exact echo", echo('{"a": 1}')],
  // AReaL's own prefix rule gives two leaves here; ours forgives what OpenClaw rewrites.
  ["arguments written again, content left out", echo('{"a":1}', {})],
])("concat with %s: one leaf, with both outputs to learn from", async (_name, second) => {
  const { rig, user, id, key, ids } = await twoCalls(second);
  await using _rig = rig;
  await user.reward(key);
  const options = { style: "concat", remove_session: false };
  expect((await user.exported(id, options)).leaves).toEqual([ids[1]]);
  const { traj } = expectJson(await user.export(id, { ...options, form: "tensors" })) as { traj: Tensors };
  const [outputs, follow] = [
    [written, "Finished."].map(idsOf),
    "\n<|im_start|>tool\ndone<|im_end|>\n<|im_start|>assistant\n",
  ];
  const prompt = rig.asked[0]?.input_ids ?? [];
  const between = [...tokenizer.encode(follow)];
  const [first = [], last = []] = outputs;
  const whole = [...prompt, ...first, ...between, ...last];
  const marks = (output: number, other: number) =>
    [prompt, first, between, last].flatMap((part, at) => part.map(() => (at % 2 === 1 ? output : other)));
  expect(read(traj)).toEqual({
    input_ids: [whole],
    loss_mask: [marks(1, 0)],
    versions: [marks(7, -1)],
    logprobs: [
      [...prompt.map(() => 0), ...first.map(logprob), ...between.map(() => 0), ...last.map(logprob)],
    ],
    attention_mask: [marks(1, 1)],
    rewards: [1],
  });
});

test("individual rows are padded, and learn from their own output only", async () => {
  const { rig, user, id, key } = await twoCalls(echo('{"a": 2}'));
  await using _rig = rig;
  await user.reward(key);
  const { leaves, interactions } = await user.exported(id, { style: "concat", remove_session: false });
  expect([leaves?.length, interactions[1]?.tokens?.break_cause]).toEqual([
    2,
    "the model's answer was rewritten",
  ]);
  const { traj } = expectJson(await user.export(id, { form: "tensors", discount: 0.5 })) as { traj: Tensors };
  const rows = read(traj);
  const [first = [], second = []] = rig.asked.map(({ input_ids: prompt }, at) => [
    ...prompt,
    ...idsOf(at === 0 ? written : "Finished."),
  ]);
  const padding = second.map((_id, at) => (at < first.length ? 1 : 0));
  expect(rows["input_ids"]).toEqual([[...first, ...padding.filter((one) => one === 0)], second]);
  expect(rows["attention_mask"]).toEqual([padding, second.map(() => 1)]);
  expect(rows["loss_mask"]).toEqual(
    [written, "Finished."].map((text, at) => {
      const row = at === 0 ? first : second;
      const from = row.length - idsOf(text).length;
      return second.map((_id, place) => (place >= from && place < row.length ? 1 : 0));
    }),
  );
  expect(rows["rewards"]).toEqual([0.5, 1]);
});

test("of calls that were made again only the one that goes on counts, or else the last", async () => {
  const { rig, user, id, key, ask, ids } = await twoCalls();
  await using _rig = rig;
  const retried = await ask("Bye.", [question, echo('{"a":1}'), result, { role: "user", content: "x" }]);
  const last = await ask("Good bye.", [question, echo('{"a":1}'), result, { role: "user", content: "x" }]);
  const orphan = await ask("Other.", [question]);
  await user.reward(key);
  const kept = await user.exported(id, { remove_session: false });
  expect(kept.interactions.map(({ interaction_id: one }) => one)).toEqual([...ids, last]);
  expect(kept.sessions[0]?.dropped).toEqual([
    { interaction_id: retried, reason: "retry orphan" },
    { interaction_id: orphan, reason: "retry orphan" },
  ]);
  // What the last call shared with its first attempt stands in its own tail now.
  const whole: number[][] = [];
  for (const { tokens } of kept.interactions) {
    const parent = tokens?.parent == null ? [] : (whole[tokens.parent] ?? []);
    whole.push([
      ...parent.slice(0, tokens?.shared_tokens),
      ...(tokens?.prompt_tail ?? []),
      ...(tokens?.output_ids ?? []),
    ]);
  }
  expect(whole.map((row) => row.at(-1))).toEqual([endId, endId, endId]);
  expect(whole[2]).toEqual([...(rig.asked[3]?.input_ids ?? []), ...idsOf("Good bye.")]);
  const all = await user.exported(id, { drop_retry_orphans: false });
  expect(all.interactions).toHaveLength(5);
});

test("calls behind the reward are late, and said to be left out", async () => {
  const { rig, user, id, key, ask } = await twoCalls();
  await using _rig = rig;
  await user.reward(key);
  const late = await ask("Late.", [question]);
  const { sessions, interactions } = await user.exported(id);
  expect([sessions[0], interactions.length]).toEqual([
    expect.objectContaining({
      late_calls: 1,
      dropped: [{ interaction_id: late, reason: "after the reward" }],
    }),
    2,
  ]);
});

test("an engine that gives no logprobs leaves text, and that is the level", async () => {
  await using rig = await gatewayOverGenerate();
  const user = new GatewayUser(rig.url);
  const { id, key } = await user.startSession("t");
  rig.answer = (_body, response) => {
    const meta_info = { prompt_tokens: 1, completion_tokens: 2, finish_reason: { type: "stop", matched: 1 } };
    response.end(`data: ${JSON.stringify({ text: "ok", output_ids: [5, 6], meta_info })}\n\n`);
  };
  expectJson(await user.chat(key, { messages: [question] }));
  await user.reward(key);
  const { level, interactions } = await user.exported(id, { remove_session: false });
  expect([level, interactions[0]?.tokens]).toEqual(["L0", null]);
  const refused = await user.export(id, { style: "concat" });
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining("without token ids")]);
});

const logprob = (_id: number, at: number) => -(at + 1) / 8;
type Tensors = Readonly<Record<string, { data: string; shape: number[]; dtype: string }>>;

/** As AReaL's deserialiser reads them: little-endian values in base64. */
function read(tensors: Tensors): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { data, shape, dtype }]) => {
      const bytes = Uint8Array.from(Buffer.from(data, "base64")).buffer;
      const values =
        dtype === "torch.int64"
          ? Array.from(new BigInt64Array(bytes), Number)
          : [...(dtype === "torch.float32" ? new Float32Array(bytes) : new Uint8Array(bytes))];
      const [rows = 0, width] = shape;
      if (width === undefined) return [name, values];
      return [name, Array.from({ length: rows }, (_, at) => values.slice(at * width, at * width + width))];
    }),
  );
}
