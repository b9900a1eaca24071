import { describe, expect, test } from "vitest";
import { systemClock } from "../../bench/measure/clock.ts";
import { warmUp } from "../../bench/run/warm-up.ts";
import type { RunningArm, StackDeath } from "../../bench/stack/stack.ts";

interface Behaviour {
  readonly opens?: boolean;
  readonly answers?: boolean;
  readonly dead?: boolean;
}

/** Warms up through arms of which each behaves as told; notes what was asked of whom. */
async function tried(behaviours: Readonly<Record<string, Behaviour>>): Promise<string[]> {
  const steps: string[] = [];
  const arms = Object.entries(behaviours).map(([name, { opens = true }]): RunningArm => ({
    spec: { kind: "raw", name },
    baseUrl: `http://${name}/v1`,
    innerTapped: true,
    metricsUrl: null,
    openSession: async () => {
      if (!opens) throw new Error(`${name} gives no session`);
      steps.push(`open ${name}`);
      return {
        apiKey: "k",
        startMs: null,
        close: async () => {
          steps.push(`close ${name}`);
          return { rewardMs: null, exportMs: null, interactions: null, recorded: null };
        },
      };
    },
  }));
  const death: StackDeath = { part: "gateway", arm: null, message: "exit code 1" };
  const identity = { name: null, version: null, simulated: true };
  const processIdentity = { pid: null, startId: null, infoSha256: null };
  await warmUp({
    prepared: {
      warmUp: async ({ agent }) => {
        const name = new URL(agent.baseUrl).hostname;
        steps.push(`warm ${name}`);
        if (behaviours[name]?.answers === false) throw new Error(`${name} does not answer`);
      },
    },
    stack: {
      arms,
      death: (arm) => (behaviours[arm]?.dead === true ? death : null),
      agentEngine: {
        role: "agent",
        url: "http://engine",
        model: "m",
        apiKey: "k",
        metricsUrl: "http://engine/metrics",
        contextLength: null,
        identity,
        processIdentity,
      },
    },
    stop: { cancelled: new AbortController().signal },
    clock: systemClock,
    tell: (line) => steps.push(`tell: ${line}`),
  });
  return steps;
}

describe("warm-up", () => {
  test("goes through the first arm, and closes its session", async () => {
    expect(await tried({ raw: {}, gateway: {} })).toEqual(["open raw", "warm raw", "close raw"]);
  });

  test("an arm that is dead is not asked", async () => {
    expect(await tried({ raw: { dead: true }, gateway: {} })).toEqual([
      "open gateway",
      "warm gateway",
      "close gateway",
    ]);
  });

  test("an arm that gives no session, or does not answer, is told, and the next one is taken", async () => {
    expect(await tried({ a: { opens: false }, b: { answers: false }, c: {} })).toEqual([
      "tell: arm a could not be used to warm up: a gives no session",
      "open b",
      "warm b",
      "close b",
      "tell: arm b could not be used to warm up: b does not answer",
      "open c",
      "warm c",
      "close c",
    ]);
  });

  test("when no arm can be used, the last one's error is thrown, with its session closed", async () => {
    await expect(tried({ a: { opens: false }, b: { answers: false } })).rejects.toThrow("b does not answer");
  });

  test("without a living arm there is nothing to warm, and the cells say why", async () => {
    expect(await tried({ a: { dead: true } })).toEqual([]);
  });
});
