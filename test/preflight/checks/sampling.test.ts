import { expect, test } from "vitest";
import { samplingCheck } from "../../../bench/preflight/checks/sampling.ts";
import { chat, given, type Given, type Said } from "../given.ts";

const sent = { temperature: 0, top_p: 1, max_tokens: 24 };
interface Answers {
  /** In turn; the last one for all further requests. null: 404. */
  readonly engine: readonly (Said | null)[];
  readonly arm: Said | null;
  readonly tokenize?: object;
  /** Body that reached the engine through the arm. */
  readonly inner?: object | string;
}

/** What is found on the engine and on the arm. */
async function findings({ engine, arm, tokenize, inner = sent }: Answers) {
  let asked = 0;
  const answers: Given["answers"] = {
    "/engine/v1/chat/completions": () => {
      const said = engine[Math.min(asked, engine.length - 1)] ?? null;
      asked += 1;
      return said === null ? null : chat(said);
    },
    "/arm/v1/chat/completions": () => (arm === null ? null : chat(arm)),
    "/engine/tokenize": () => tokenize ?? null,
  };
  const requestBody = typeof inner === "string" ? inner : JSON.stringify(inner);
  await using rig = await given({ answers, seen: () => [{ hop: "inner", requestBody }] });
  const [onEngine, onArm] = (await samplingCheck.run(rig.context)).findings;
  return { onEngine: onEngine!, onArm: onArm! };
}

const hello: Said = { text: "Hello.", usage: [10, 3] };

test("equal prompt tokens and an equal answer are ok", async () => {
  const { onEngine, onArm } = await findings({ engine: [hello], arm: hello, tokenize: { count: 10 } });
  expect([onEngine.status, onArm.status]).toEqual(["ok", "ok"]);
  expect(onEngine.what).toBe("10 prompt tokens, as its /tokenize counts them");
});

test("usage that the engine's own tokenizer contradicts is a warning; without a tokenizer nothing is claimed", async () => {
  const contradicted = await findings({ engine: [hello], arm: hello, tokenize: { count: 12 } });
  expect(contradicted.onEngine).toMatchObject({
    status: "warning",
    what: expect.stringContaining("12 by its own"),
  });
  expect((await findings({ engine: [hello], arm: hello })).onEngine).toMatchObject({
    status: "ok",
    what: expect.stringContaining("takes no messages to compare with"),
  });
});

test("an engine that cannot answer a tool conversation fails itself, and its arm is not judged by it", async () => {
  const { onEngine, onArm } = await findings({ engine: [null], arm: hello });
  expect(onEngine).toMatchObject({ status: "failed", change: expect.stringContaining("chat template") });
  expect(onArm).toMatchObject({ status: "not checked", what: expect.stringContaining("the engine itself") });
});

test("an engine without usage fails, and equal prompts are not claimed for its arm", async () => {
  const { onEngine, onArm } = await findings({ engine: [{ ...hello, usage: null }], arm: hello });
  expect(onEngine).toMatchObject({ status: "failed", what: expect.stringContaining("no usage") });
  expect(onArm).toMatchObject({ status: "not checked" });
});

test("an arm whose prompt has other tokens changes the prompt, even where the answer is the same", async () => {
  const { onArm } = await findings({ engine: [hello], arm: { ...hello, usage: [11, 3] } });
  expect(onArm).toMatchObject({
    status: "failed",
    what: expect.stringContaining("11 prompt tokens through this arm and 10"),
  });
});

test("another answer fails the arm only when the engine repeats its own", async () => {
  const other: Said = { ...hello, text: "Good day." };
  expect((await findings({ engine: [hello], arm: other })).onArm).toMatchObject({
    status: "failed",
    what: expect.stringContaining('"Good day." instead of "Hello."'),
  });
  expect((await findings({ engine: [hello, { ...hello, text: "Hi." }], arm: other })).onArm).toMatchObject({
    status: "warning",
    change: expect.stringContaining("--enable-deterministic-inference"),
  });
});

test("an answer whose calls differ in one argument is another answer", async () => {
  const calling = (args: string): Said => ({ calls: [{ name: "look_up", arguments: args }], usage: [10, 3] });
  const { onArm } = await findings({ engine: [calling('{"amount": 2.0}')], arm: calling('{"amount": 2}') });
  expect(onArm).toMatchObject({ status: "failed", what: expect.stringContaining("another answer") });
});

test.each<[string, object | string, string]>([
  ["a temperature of its own", { ...sent, temperature: 0.7 }, "temperature 0.7 instead of 0"],
  ["no top_p", { temperature: 0, max_tokens: 24 }, "top_p absent instead of 1"],
  ["another limit", { ...sent, max_tokens: 512 }, "max tokens 512 instead of 24"],
  ["a limit in the newer field", { ...sent, max_completion_tokens: 512 }, "max tokens 512 instead of 24"],
  [
    "another limit to /generate",
    { sampling_params: { temperature: 0, top_p: 1, max_new_tokens: 25 } },
    "max tokens 25 instead of 24",
  ],
  [
    "no JSON",
    "--",
    "temperature absent instead of 0, top_p absent instead of 1, max tokens absent instead of 24",
  ],
])("a gateway that sends %s to the engine fails, with asked and found", async (_name, inner, what) => {
  const { onArm } = await findings({ engine: [hello], arm: hello, inner });
  expect(onArm).toMatchObject({ status: "failed", change: expect.stringContaining("sampling defaults") });
  expect(onArm.what).toBe(`the engine was not sent the sampling that was asked for: ${what}`);
});

test("the asked sampling is recognised in the form of /generate", async () => {
  const inner = { input_ids: [1], sampling_params: { temperature: 0, top_p: 1, max_new_tokens: 24 } };
  expect((await findings({ engine: [hello], arm: hello, inner })).onArm.status).toBe("ok");
});
