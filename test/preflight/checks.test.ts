import { expect, test } from "vitest";
import { checks } from "../../bench/preflight/run-checks.ts";
import { parseGpus } from "../../bench/host/gpus.ts";
import { checked, notOk, session } from "./rig.ts";

const say = (text: RegExp): unknown => expect.stringMatching(text);
const gpu = {
  name: "NVIDIA H200",
  uuid: "GPU-1",
  memoryTotalMiB: 143_771,
  driver: "570.1",
};

test("nothing wrong: every check is ok, and what is known of the arms is kept", async () => {
  const record = await checked([{ name: "plain" }], { gpus: [{ ...gpu, index: 0, memoryUsedMiB: 130_000 }] });
  expect(notOk(record)).toEqual({ "session: arms": "not checked: no arm has sessions" });
  expect(record.checks.map(({ name }) => name)).toEqual(checks.map(({ name }) => name));
  expect(record.arms).toEqual({ plain: { streaming: "real", sameEngine: true } });
});

test("gateways with a bad habit each: the habit is named on the arm that has it, and on no other", async () => {
  const record = await checked(
    [
      { name: "plain" },
      { name: "prompting", rewrite: (body) => ({ ...body, messages: withPrompt(body["messages"]) }) },
      { name: "warm", rewrite: (body) => ({ ...body, temperature: 1 }) },
      { name: "buffering", buffers: true },
      { name: "elsewhere", elsewhere: true, untapped: true },
      { name: "router-dead", status: 502 },
      { name: "forgetful", openSession: () => Promise.resolve(session({ startMs: 1, interactions: null })) },
      { name: "miscounting", openSession: () => Promise.resolve(session({ startMs: 1, interactions: 2 })) },
      { name: "closed", openSession: () => Promise.reject(new Error("wrong admin key")) },
    ],
    { skipped: ["gpu-memory", "tool-call"] },
  );
  const reason = "not checked: the check generation failed on it";
  expect(notOk(record)).toEqual({
    "generation: arm router-dead": say(/^failed: .*502 the router behind this gateway is gone -> .*router/s),
    "generation: arm closed": say(/^failed: .*no session: wrong admin key/),
    "sampling: arm prompting": say(
      /^failed: the same messages are \d+ prompt tokens through this arm and \d+ at the engine/,
    ),
    "sampling: arm warm": say(/^failed: .*temperature 1 instead of 0 -> .*sampling defaults/),
    "sampling: arm elsewhere": say(/another answer/),
    "streaming: arm buffering": say(/^warning: simulated streaming.*TTFT not comparable/),
    "session: arm forgetful": say(/^failed: .*its export is empty/),
    "session: arm miscounting": say(/^failed: one call was made and 2 were exported/),
    "same-engine: arm elsewhere": say(
      /^failed: different engines: the engine counted 0 \+ 0 tokens, the answers say \d+/,
    ),
    "fidelity: arm prompting": say(/^failed: messages\[0\] was added: system .* -> .*rewrites/),
    "fidelity: arm warm": say(/^failed: temperature 0 was sent, 1 reached the engine/),
    "fidelity: arm elsewhere": say(/^not checked: cannot be known: no tap stands in front of the engine/),
    ...Object.fromEntries(
      ["router-dead", "closed"].flatMap((arm) =>
        ["sampling", "streaming", "session", "same-engine", "fidelity"].map((name) => [
          `${name}: arm ${arm}`,
          reason,
        ]),
      ),
    ),
  });
  expect(record.arms).toMatchObject({
    plain: { streaming: "real", sameEngine: true },
    buffering: { streaming: "simulated", sameEngine: true },
    elsewhere: { sameEngine: false },
    "router-dead": { streaming: null, sameEngine: null },
  });
  expect(record.checks.filter(({ skipped }) => skipped).map(({ name }) => name)).toEqual([
    "tool-call",
    "gpu-memory",
  ]);
});

test("an engine without parser, with a short context, on a full disk and a full GPU", async () => {
  const record = await checked([{ name: "plain" }], {
    agent: ["--fault", "no-tool-parser", "--context-length", "2200"],
    episodes: 1e9,
    gpus: [{ ...gpu, index: 3, memoryUsedMiB: 143_700 }],
  });
  expect(notOk(record)).toEqual({
    "tool-call: arm plain": say(
      /^failed: the call came as raw text, "<tool_call>.*finish_reason stop.*-> .*--tool-call-parser/s,
    ),
    "context-length: agent engine": say(
      /^failed: the context is 2200 tokens.*-> Start the engine with --context-length/,
    ),
    "session: arms": "not checked: no arm has sessions",
    "gpu-memory: GPU 3 NVIDIA H200": say(
      /^warning: 143700 of 143771 MiB used: 71 MiB free -> .*--mem-fraction-static/,
    ),
    [`disk: ${record.checks.at(-1)?.findings[0]?.on}`]: say(/^failed: \d+ MiB free, about \d+ MiB needed/),
  });
});

test("an engine that looks well and never answers: found in its deadline, and asked nothing more", async () => {
  const record = await checked([{ name: "plain" }], { agent: ["--fault", "hang"], skipped: ["gpu-memory"] });
  const not = "not checked: the check generation failed on it";
  expect(notOk(record)).toEqual({
    "generation: agent engine": say(/^failed: .* gave no answer within 2 s -> The server is half-ready/),
    "generation: arm plain": "not checked: its engine does not generate",
    "metrics: agent engine": not,
    "context-length: agent engine": not,
    "sampling: agent engine": not,
    "same-engine: agent engine": not,
    ...Object.fromEntries(
      ["tool-call", "streaming", "session", "same-engine", "fidelity"].map((name) => [
        `${name}: arm plain`,
        "not checked: the check generation could not be made on it",
      ]),
    ),
  });
});

test("nvidia-smi's lines are read; what it does not tell is null", () => {
  expect(
    parseGpus("0, NVIDIA H200, GPU-abc, 143771, 1234, 570.86.15\n1, GB10, GPU-def, [N/A], [N/A], 580.1\n"),
  ).toEqual([
    {
      index: 0,
      name: "NVIDIA H200",
      uuid: "GPU-abc",
      memoryTotalMiB: 143_771,
      memoryUsedMiB: 1234,
      driver: "570.86.15",
    },
    { index: 1, name: "GB10", uuid: "GPU-def", memoryTotalMiB: null, memoryUsedMiB: null, driver: "580.1" },
  ]);
});

function withPrompt(messages: unknown): unknown {
  return [
    { role: "system", content: "You are a gateway's own prompt." },
    ...(messages as readonly unknown[]),
  ];
}
