import { expect, test } from "vitest";
import { sections } from "../../bench/commands/parts.ts";
import { baseUrl, withoutApiPath } from "../../bench/config/base-url.ts";
import { experimentSchema } from "../../bench/config/experiment.ts";
import { parseGatewayArguments } from "../../bench/gateway/arguments.ts";
import { metricsUrl } from "../../bench/metrics/snapshot.ts";

/** Every way in which people write the address of one server. */
const forms = [
  "",
  "/",
  "/v1",
  "/v1/",
  "/v1/chat/completions",
  "/v1/models/",
  "/v1/completions",
  "//v1",
  "/v1?x=1#y",
];

test.each(["http://127.0.0.1:30000", "https://gateway.example", "http://[::1]:8000", "http://h:1/openai"])(
  "%s is the same server in every form",
  (server) => {
    expect(new Set(forms.map((form) => withoutApiPath(server + form)))).toEqual(new Set([server]));
    expect(withoutApiPath(` ${server}/v1 `)).toBe(server);
  },
);

test.each(["http://h:1/v1beta", "http://h:1/v2", "http://h:1/proxy/v1/x", "http://v1"])(
  "%s ends in no /v1 and stays",
  (url) => {
    expect(withoutApiPath(url)).toBe(url);
  },
);

test.each(["127.0.0.1:30000", "localhost", "ftp://h", "", "http://"])(
  "%j is refused, with what to write",
  (text) => {
    expect(baseUrl().safeParse(text).error?.issues[0]?.message).toMatch(/http:\/\/HOST:PORT/);
  },
);

test("every place that takes an address takes it with and without /v1", () => {
  const at = (url: string) => {
    const areal = { kind: "areal", mode: "url", url, adminKeyEnv: "K", dataProxyUrls: [url] };
    const { stack, arms } = experimentSchema(sections).parse({
      name: "x",
      stack: { kind: "attach", agent: { url }, user: { url } },
      arms: [{ kind: "url", name: "g", url }, areal],
      workload: { domain: "library" },
    });
    const words = ["--engine", url, "--port", "0", "--admin-key-env", "K"];
    return [stack, arms, parseGatewayArguments(words, { K: "k" }).engineUrl, metricsUrl(url)];
  };
  expect(at("http://h:1/v1/")).toEqual(at("http://h:1"));
});
