import { expect, test } from "vitest";
import { sessionCheck } from "../../../bench/preflight/checks/session.ts";
import type { ArmSession, ClosedSession } from "../../../bench/stack/stack.ts";
import { chat, given, type Given } from "../given.ts";

const whole: ClosedSession = { rewardMs: 2, exportMs: 3, interactions: 1, recorded: null };

/** What is found where a session ends so, and with what rewards it was closed. */
async function found(
  closed: Partial<ClosedSession> | Error,
  {
    startMs = 1,
    answers = true,
    spec,
  }: { startMs?: number | null; answers?: boolean } & Pick<Given, "spec"> = {},
) {
  const rewards: (number | null)[] = [];
  const opened: ArmSession = {
    apiKey: "none",
    startMs,
    close: async (reward) => {
      rewards.push(reward);
      if (closed instanceof Error) throw closed;
      return { ...whole, ...closed };
    },
  };
  await using rig = await given({
    answers: { "/arm/v1/chat/completions": () => (answers ? chat({ text: "Hello." }) : null) },
    openSession: () => Promise.resolve(opened),
    ...(spec === undefined ? {} : { spec }),
  });
  const [finding, ...others] = (await sessionCheck.run(rig.context)).findings;
  expect(others).toEqual([]);
  return { ...finding!, rewards };
}

test("one call, one reward and one exported interaction are ok", async () => {
  expect(await found({})).toMatchObject({ on: "arm a", status: "ok", rewards: [1] });
});

test("an arm without sessions is none of its business, and its session is closed without a reward", async () => {
  expect(await found({}, { startMs: null })).toMatchObject({
    on: "arms",
    status: "not checked",
    rewards: [null],
  });
});

test.each([0, 2])(
  "one call that is exported as %i fails: training data would be lost or doubled",
  async (interactions) => {
    expect(await found({ interactions })).toMatchObject({
      status: "failed",
      what: `one call was made and ${interactions} were exported`,
    });
  },
);

test("an export of nothing fails, whether or not the reward was taken", async () => {
  for (const rewardMs of [2, null])
    expect(await found({ interactions: null, rewardMs })).toMatchObject({
      status: "failed",
      what: expect.stringContaining("its export is empty"),
    });
});

test("a reward that was not taken is a warning: the call itself is recorded", async () => {
  expect(await found({ rewardMs: null })).toMatchObject({
    status: "warning",
    what: expect.stringContaining("the reward was not taken"),
  });
});

test("a call in a session that gets no answer fails by itself, and the session is still closed", async () => {
  expect(await found({ interactions: 0 }, { answers: false })).toMatchObject({
    status: "failed",
    what: expect.stringMatching(/^a call in a session gave 404 /),
    rewards: [1],
  });
});

test("a session that cannot be closed is a finding with the gateway's words, not the end of the preflight", async () => {
  expect(await found(new Error("401 wrong admin key"))).toMatchObject({
    status: "failed",
    what: "401 wrong admin key",
    change: expect.stringContaining("admin key"),
  });
});

test.each([
  { level: undefined, status: "ok" },
  { level: "L0", status: "ok" },
  { level: "L1", status: "failed" },
  { level: "L2", status: "failed" },
] as const)("a gateway at level $level that recorded text only: $status", async ({ level, status }) => {
  const spec: NonNullable<Given["spec"]> = { kind: "gateway", name: "a", ...(level && { level }) };
  const recorded: ClosedSession["recorded"] = {
    v: 1,
    level: "L0",
    recorder: "tollgate",
    tokenizerSha256: null,
    calls: [],
    dropped: [],
  };
  expect(await found({ recorded }, { spec })).toMatchObject({ on: "arm a", status });
});
