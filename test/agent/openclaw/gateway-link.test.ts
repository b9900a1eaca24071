import { expect, test } from "vitest";
import { z } from "zod";
import { GatewayLink } from "../../../bench/agent/openclaw/gateway-link.ts";
import { GatewaySettings } from "../../../bench/agent/openclaw/gateway-settings.ts";
import { DeviceIdentity } from "../../../bench/agent/openclaw/device-identity.ts";
import { freePort } from "../../../bench/host/free-port.ts";
import { StartError } from "../../../bench/errors.ts";
import { respond, StandInGateway } from "./stand-in-gateway.ts";

const options = (url: string, connectTimeoutMs = 5000) => ({
  url,
  token: "right",
  tokenEnv: "GATEWAY_TOKEN",
  device: DeviceIdentity.generate(),
  connectTimeoutMs,
  timeoutSetting: "patience",
  byHand: "THE SETTINGS",
  signal: new AbortController().signal,
  connected: async () => undefined,
  onEvent: () => undefined,
});

test("a gateway that never comes is named with its address after the deadline", async () => {
  const url = `ws://127.0.0.1:${await freePort()}`;
  await expect(GatewayLink.open(options(url, 1200))).rejects.toThrow(
    expect.objectContaining({
      message: expect.stringMatching(
        /at ws:\S+ was not ready after 1 s: .*ECONNREFUSED.*a longer wait is patience/,
      ),
    }),
  );
});

test("one that starts is asked again until it is there", async () => {
  let asked = 0;
  await using gateway = await StandInGateway.start(() => undefined, {
    connect: (request, socket) => {
      asked += 1;
      if (asked > 2) return respond(socket, request, { ok: true, payload: {} });
      const error = { code: "UNAVAILABLE", message: "gateway starting", retryable: true };
      respond(socket, request, { ok: false, error });
    },
  });
  await using link = await GatewayLink.open(options(gateway.url));
  expect((await link.client()).isOpen).toBe(true);
  expect(asked).toBe(3);
});

test.each([
  [
    { code: "INVALID_REQUEST", message: "unauthorized", details: { code: "AUTH_TOKEN_MISMATCH" } },
    /GATEWAY_TOKEN must hold the token/,
  ],
  [{ code: "NOT_PAIRED", message: "pairing required" }, /openclaw devices approve/],
  [{ code: "INVALID_REQUEST", message: "protocol mismatch" }, /protocol 4/],
])("what refuses is not waited for: %j", async (error, advice) => {
  await using gateway = await StandInGateway.start(() => undefined, {
    connect: (request, socket) => respond(socket, request, { ok: false, error }),
  });
  const opened = GatewayLink.open(options(gateway.url, 60_000));
  await expect(opened).rejects.toThrow(StartError);
  await expect(opened).rejects.toThrow(advice);
  await expect(opened).rejects.not.toThrow(/right/);
  expect(gateway.asked).toHaveLength(1);
});

test("a lost connection is made anew, once for all who want it, and set up again", async () => {
  let set = 0;
  await using gateway = await StandInGateway.start(() => undefined);
  await using link = await GatewayLink.open({
    ...options(gateway.url),
    connected: async () => {
      set += 1;
    },
  });
  const first = await link.client();
  gateway.drop();
  await first.closed;
  const [one, other] = await Promise.all([link.client(), link.client()]);
  expect(one).toBe(other);
  expect(one).not.toBe(first);
  expect(set).toBe(2);
});

test("says which device it is, with a signature over the nonce", async () => {
  await using gateway = await StandInGateway.start(() => undefined);
  await using _link = await GatewayLink.open(options(gateway.url));
  expect(gateway.asked[0]?.params).toMatchObject({
    auth: { token: "right" },
    caps: ["tool-events"],
    device: { nonce: "n", publicKey: expect.any(String), signature: expect.any(String) },
  });
});

const patchIn = (params: unknown): unknown => JSON.parse(z.object({ raw: z.string() }).parse(params).raw);
const entry = {
  baseUrl: "http://127.0.0.1:1/v1",
  model: "m",
  contextWindow: 10,
  maxTokens: 5,
  timeoutSeconds: 9,
};

test.each([
  ["set before", { agents: { defaults: { skipBootstrap: false } } }, false],
  ["not set before", {}, null],
])(
  "what is added to the configuration is taken away again, and what was %s is restored",
  async (_, config, before) => {
    await using gateway = await StandInGateway.start((request, socket) => {
      const payload = request.method === "config.get" ? { hash: "h", config } : { ok: true };
      respond(socket, request, { ok: true, payload });
    });
    await using link = await GatewayLink.open(options(gateway.url));
    const client = await link.client();
    const settings = new GatewaySettings();
    await settings.add(client, entry);
    // A gateway that was started anew gets it again; what was there first is what counts.
    await settings.add(client, entry);
    await settings.remove(client);
    await settings.remove(client);
    const patches = gateway.asked.flatMap(({ method, params }) =>
      method === "config.patch" ? [patchIn(params)] : [],
    );
    expect(patches).toHaveLength(4);
    expect(patches[0]).toMatchObject({
      models: { providers: { tollgate: { baseUrl: entry.baseUrl, models: [{ id: "m" }] } } },
      agents: { defaults: { skipBootstrap: true } },
    });
    // Half of a configuration at once would look like a broken one.
    expect(patches[2]).toMatchObject({
      models: { providers: { tollgate: { models: [] } } },
      agents: { defaults: { skipBootstrap: before } },
    });
    expect(patches[3]).toEqual({ models: { providers: { tollgate: null } } });
    expect(
      gateway.asked.filter(({ method }) => method === "config.patch").map(({ params }) => params),
    ).toEqual(
      patches.map(() =>
        expect.objectContaining({ baseHash: "h", replacePaths: ["models.providers.tollgate.models"] }),
      ),
    );
  },
);

test("a connection that could not be set up does not stay open, or the process would never end", async () => {
  await using gateway = await StandInGateway.start((request, socket) => {
    const error = { code: "UNAVAILABLE", message: "EPERM: operation not permitted, fchmod" };
    respond(socket, request, { ok: false, error });
  });
  const settings = new GatewaySettings();
  const opened = GatewayLink.open({
    ...options(gateway.url),
    connected: (client) => settings.add(client, entry),
  });
  await expect(opened).rejects.toThrow(/EPERM.*must belong to the user.*THE SETTINGS/);
  await expect.poll(() => gateway.connections).toBe(0);
});

test.each([
  ["all that is needed", {}, 0],
  ["another address", { baseUrl: "http://127.0.0.1:2/v1" }, 1],
  ["another model", { models: [{ id: "other" }] }, 1],
  ["another dialect", { api: "openai-responses" }, 1],
])("a configuration that has %s is changed only where it must be", async (_, other, patches) => {
  const provider = { baseUrl: entry.baseUrl, api: "openai-completions", models: [{ id: "m" }], ...other };
  const config = {
    models: { providers: { tollgate: provider, mine: "odd" } },
    agents: { defaults: { skipBootstrap: true } },
  };
  await using gateway = await StandInGateway.start((request, socket) => {
    const payload = request.method === "config.get" ? { hash: "h", config } : { ok: true };
    respond(socket, request, { ok: true, payload });
  });
  await using link = await GatewayLink.open(options(gateway.url));
  const settings = new GatewaySettings();
  await settings.add(await link.client(), entry);
  await settings.remove(await link.client());
  // What was not added is not taken away.
  expect(gateway.asked.filter(({ method }) => method === "config.patch")).toHaveLength(3 * patches);
});

test.each(["null", "false", "true"])(
  "what a killed driver has left is taken away, and %s is restored",
  async (mark) => {
    const provider = {
      baseUrl: entry.baseUrl,
      api: "openai-completions",
      models: [{ id: "m" }],
      headers: { "x-tollgate-added": mark },
    };
    const config = {
      models: { providers: { tollgate: provider } },
      agents: { defaults: { skipBootstrap: true } },
    };
    await using gateway = await StandInGateway.start((request, socket) => {
      const payload = request.method === "config.get" ? { hash: "h", config } : { ok: true };
      respond(socket, request, { ok: true, payload });
    });
    await using link = await GatewayLink.open(options(gateway.url));
    const settings = new GatewaySettings();
    await settings.add(await link.client(), entry);
    await settings.remove(await link.client());
    const patches = gateway.asked.flatMap(({ method, params }) =>
      method === "config.patch" ? [patchIn(params)] : [],
    );
    expect(patches.slice(-2)).toEqual([
      expect.objectContaining({ agents: { defaults: { skipBootstrap: JSON.parse(mark) } } }),
      { models: { providers: { tollgate: null } } },
    ]);
  },
);
