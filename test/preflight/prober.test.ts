import { expect, test } from "vitest";
import { samplingCheck } from "../../bench/preflight/checks/sampling.ts";
import { chat, given } from "./given.ts";

const question = { messages: [{ role: "user", content: "Hello" }], maxTokens: 16 };
const answers = {
  "/engine/v1/chat/completions": () => chat({ text: "Hi" }),
  "/arm/v1/chat/completions": () => chat({ text: "Hi" }),
};
const asked = JSON.stringify({ temperature: 0, top_p: 1, max_tokens: 24 });

test("what other arms and hops show in the same segment is not taken for this arm's request", async () => {
  await using rig = await given({
    answers,
    seen: () => [
      { hop: "outer", requestId: "mine" },
      { hop: "inner", requestId: "mine" },
      { hop: "inner", requestId: "other", arm: "b" },
      { hop: "user", requestId: "user" },
    ],
  });
  const { prober, stack } = rig.context;
  const { outer, inner } = await prober.askArm(stack.arms[0]!, question);
  expect([outer, inner].map((seen) => seen.map(({ requestId }) => requestId))).toEqual([["mine"], ["mine"]]);
});

test("a gateway that asks the engine for its health meanwhile has not sent it a generation by that", async () => {
  await using rig = await given({
    answers,
    seen: () => [
      { hop: "inner", method: "GET", path: "/health" },
      { hop: "inner", method: "GET", path: "/v1/models" },
      { hop: "inner", method: "POST", path: "/tokenize", requestBody: "{}" },
    ],
  });
  const { prober, stack } = rig.context;
  expect((await prober.askArm(stack.arms[0]!, question)).inner).toEqual([]);
});

test("a gateway's health requests carry no sampling and are no reason to refuse its arm", async () => {
  await using rig = await given({
    answers,
    seen: () => [
      { hop: "inner", method: "GET", path: "/health" },
      { hop: "inner", requestBody: asked },
    ],
  });
  const { findings } = await samplingCheck.run(rig.context);
  expect(findings.find(({ on }) => on === "arm a")).toMatchObject({ status: "ok" });
});

test("an answer that is not 200, is cut, or does not come is a problem in words, never a thrown error", async () => {
  await using rig = await given({
    answers: { "/engine/v1/chat/completions": ({ max_tokens: max }) => (max === 1 ? { choices: [] } : null) },
  });
  const { prober, stack } = rig.context;
  const ask = async (maxTokens: number) =>
    (await prober.askEngine(stack.agentEngine, { ...question, maxTokens })).problem;
  expect(await ask(2)).toBe('404 {"error":"there is no such page"}');
  expect(await ask(1)).toMatch(/^an answer that ended without .*finish reason: 200 \{"choices":\[\]\}$/);
  const nowhere = { ...stack.agentEngine, url: "http://127.0.0.1:1" };
  expect(await prober.askEngine(nowhere, question)).toMatchObject({
    chat: null,
    problem: expect.stringMatching(/ECONNREFUSED|bad port/i),
  });
});

test("a session that does not open or does not close costs the reply, with the reason", async () => {
  const closing = { apiKey: "none", startMs: 1, close: () => Promise.reject(new Error("export is locked")) };
  for (const [openSession, problem] of [
    [() => Promise.reject(new Error("no free slot")), "no session: no free slot"],
    [() => Promise.resolve(closing), "its session did not close: export is locked"],
  ] as const) {
    await using rig = await given({ answers, openSession });
    const { prober, stack } = rig.context;
    expect(await prober.askArm(stack.arms[0]!, question)).toMatchObject({ chat: null, problem });
  }
});
