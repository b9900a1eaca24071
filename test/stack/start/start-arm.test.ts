import { expect, test } from "vitest";
import { armSchema, type ArmSpec } from "../../../bench/config/arm-schema.ts";
import type { ArmContext } from "../../../bench/stack/arms/arm-kind.ts";
import { startArm } from "../../../bench/stack/start/start-arm.ts";
import type { TapClient } from "../../../bench/tap/client.ts";

type Listener = Parameters<TapClient["listen"]>[0];

const context: Omit<ArmContext, "engineUrl"> = {
  agentEngine: {
    role: "agent",
    url: "http://engine",
    model: "m",
    apiKey: "engine-key",
    metricsUrl: "http://engine/metrics",
    contextLength: null,
    identity: { name: null, version: null, simulated: false },
    processIdentity: { pid: null, startId: null, infoSha256: null },
  },
  stackKind: "attach",
  firstPort: null,
  callSeconds: 60,
  startSeconds: 1,
  adminKey: "admin",
  environment: { KEY: "arm-key" },
  childEnvironment: {},
  logDirectory: "/nowhere",
  scratchDirectory: "/nowhere",
  keeper: { watch: () => undefined, unwatch: () => undefined },
  signal: new AbortController().signal,
  pull: "never",
  tell: () => undefined,
  own: () => undefined,
};

/** Starts an arm behind taps that only note what they are asked for. */
async function started(spec: ArmSpec) {
  const listeners: Listener[] = [];
  const listen = (listener: Listener) => {
    listeners.push(listener);
    return Promise.resolve(`http://${listener.hop}`);
  };
  const arm = await startArm(spec, { listen } as TapClient, context);
  return { arm, listeners: listeners.map(({ hop, upstream, port }) => ({ hop, upstream, port })) };
}

test("the raw arm passes both taps, so that what they cost cancels", async () => {
  const { arm, listeners } = await started(armSchema.parse({ kind: "raw" }));
  expect(listeners).toEqual([
    { hop: "inner", upstream: "http://engine", port: undefined },
    { hop: "outer", upstream: "http://inner", port: undefined },
  ]);
  expect(arm).toMatchObject({ baseUrl: "http://outer/v1", innerTapped: true, metricsUrl: null });
  expect((await arm.openSession("a")).apiKey).toBe("engine-key");
});

test("a gateway of somebody else has no inner tap, and nothing is claimed about the hop behind it", async () => {
  const spec = armSchema.parse({ kind: "url", name: "g", url: "http://gateway/", apiKeyEnv: "KEY" });
  const { arm, listeners } = await started(spec);
  expect(listeners).toEqual([{ hop: "outer", upstream: "http://gateway", port: undefined }]);
  expect(arm.innerTapped).toBe(false);
  expect((await arm.openSession("a")).apiKey).toBe("arm-key");
});

test("one that was pointed at a port of ours has its inner tap there", async () => {
  const spec = armSchema.parse({ kind: "url", name: "g", url: "http://gateway", innerTapPort: 4000 });
  const { arm, listeners } = await started(spec);
  expect(listeners[0]).toEqual({ hop: "inner", upstream: "http://engine", port: 4000 });
  expect(arm.innerTapped).toBe(true);
});
