import { expect, test } from "vitest";
import { sections } from "../../bench/commands/parts.ts";
import { withoutApiPath } from "../../bench/config/base-url.ts";
import { experimentSchema } from "../../bench/config/experiment.ts";
import { checkKeys, engineKey } from "../../bench/stack/keys.ts";
import { metricsAccess } from "../../bench/stack/metrics-access.ts";

const experiment = (stack: object, arms: readonly object[] = [{ kind: "raw" }]) =>
  experimentSchema(sections).parse({
    name: "x",
    stack,
    arms,
    agent: { kind: "native" },
    workload: { domain: "library" },
  });
const attach = (agent: object = {}, user: object = {}) => ({
  kind: "attach",
  agent: { url: "http://a:1", ...agent },
  user: { url: "http://u:1", ...user },
});

test.each<[string, object, readonly object[], RegExp]>([
  [
    "the agent's",
    attach({ apiKeyEnv: "A_KEY" }),
    [{ kind: "raw" }],
    /^stack\.agent\.apiKeyEnv names the environment variable A_KEY, which is not set\. Export A_KEY/,
  ],
  [
    "the user's",
    attach({}, { apiKeyEnv: "U_KEY" }),
    [{ kind: "raw" }],
    /^stack\.user\.apiKeyEnv names .* U_KEY/,
  ],
  ["an empty one", attach({ apiKeyEnv: "EMPTY" }), [{ kind: "raw" }], /EMPTY, which is empty/],
  [
    "a gateway's",
    attach(),
    [{ kind: "url", name: "g", url: "http://g:1", apiKeyEnv: "G_KEY" }],
    /^arm g: apiKeyEnv names .* G_KEY/,
  ],
  [
    "a gateway's beside simulated engines",
    { kind: "embedded" },
    [{ kind: "url", name: "g", url: "http://g:1", apiKeyEnv: "G_KEY" }],
    /G_KEY/,
  ],
])("%s key that is named and not set is an error before anything starts", (...[, stack, arms, said]) => {
  expect(() => checkKeys(experiment(stack, arms), { EMPTY: "" })).toThrow(said);
});

test("keys that are set, and servers without keys, are fine", () => {
  checkKeys(experiment(attach({ apiKeyEnv: "K" })), { K: "secret" });
  checkKeys(experiment(attach()), {});
  expect(engineKey("agent", { apiKeyEnv: "K" }, { K: "secret" })).toBe("secret");
  expect(engineKey("agent", {}, {})).toBe("none");
});

test("the engine's key goes to its own metrics page, and to no other host", () => {
  const engine = { url: "http://h:1", apiKey: "secret", apiKeyEnv: "K", metricsUrl: "http://h:1/metrics" };
  const sent = { headers: { authorization: "Bearer secret" }, keyName: "K" };
  expect(metricsAccess(engine)).toEqual(sent);
  expect(metricsAccess({ ...engine, metricsUrl: "http://h:9090/metrics" })).toEqual(sent);
  expect(metricsAccess({ ...engine, metricsUrl: "http://other:1/metrics" })).toEqual({});
  expect(metricsAccess({ ...engine, apiKey: "none" })).toEqual({});
});

test.each([
  ["http://h:1", "http://h:1"],
  ["http://h:1/", "http://h:1"],
  ["http://h:1///", "http://h:1"],
  ["http://h:1/v1", "http://h:1"],
  ["http://h:1/v1/", "http://h:1"],
  ["http://h:1//v1//", "http://h:1"],
  ["http://h:1/v1/chat/completions", "http://h:1"],
  ["http://h:1/v1/completions/", "http://h:1"],
  ["http://h:1/v1/models", "http://h:1"],
  ["http://h:1/v1?key=x", "http://h:1"],
  ["http://h:1/v1#top", "http://h:1"],
  ["https://h/openai/v1", "https://h/openai"],
  ["https://h/api/v10", "https://h/api/v10"],
  ["https://h/v1beta/openai", "https://h/v1beta/openai"],
  ["http://h:1/proxy/v1/x", "http://h:1/proxy/v1/x"],
])("%s is used as %s", (written, used) => {
  expect(withoutApiPath(written)).toBe(used);
  const read = experiment(attach({ url: written }), [{ kind: "url", name: "g", url: written }]);
  expect(read).toMatchObject({ stack: { agent: { url: used } }, arms: [{ url: used }] });
});

test.each(["127.0.0.1:30000", "localhost:30000", "h", "ftp://h", "file:///v1", ""])(
  "%j is no address, and the message says how to write one",
  (url) => {
    expect(() => experiment(attach({ url }))).toThrow(/write the server's address as http:\/\/HOST:PORT/);
  },
);
