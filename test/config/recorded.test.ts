import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { sections } from "../../bench/commands/parts.ts";
import { loadExperiment } from "../../bench/config/load-experiment.ts";
import { recordedArguments } from "../../bench/config/recorded.ts";
import { withheld } from "../../bench/host/secret-words.ts";
import { experimentFingerprint } from "../../bench/plan/identity.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());

function load(arm: object, environment: Readonly<Record<string, string>> = {}) {
  const file = join(folder.path, "experiment.yaml");
  const arms = [{ kind: "command", name: "litellm", command: ["litellm"], ...arm }];
  const text = { name: "keys", stack: { kind: "embedded" }, workload: { domain: "library" }, arms };
  writeFileSync(file, JSON.stringify(text));
  return loadExperiment(file, { environment, workingDirectory: folder.path, sections });
}

test("the process gets the value of a key, files get its name", () => {
  const { experiment, recorded } = load(
    { environment: { AZURE_API_KEY: "${MY_KEY}", MODE: "${MODE:-fast}" } },
    { MY_KEY: "sk-live-1" },
  );
  expect(experiment.arms[0]).toMatchObject({ environment: { AZURE_API_KEY: "sk-live-1", MODE: "fast" } });
  expect(recorded.arms[0]).toMatchObject({
    environment: { AZURE_API_KEY: "${MY_KEY}", MODE: "${MODE:-fast}" },
  });
});

test("another value of the key is the same experiment, so its run can go on; another model is another one", () => {
  const print = (environment: Readonly<Record<string, string>>) =>
    experimentFingerprint(
      load({ command: ["gw", "--model", "${MODEL}"], environment: { API_KEY: "${KEY}" } }, environment),
    );
  const first = print({ KEY: "one-key", MODEL: "a" });
  expect(print({ KEY: "another-key", MODEL: "a" })).toBe(first);
  expect(print({ KEY: "one-key", MODEL: "b" })).not.toBe(first);
});

test("a key that was written out is withheld by the name of its variable; what is none stays", () => {
  const environment = {
    AZURE_API_KEY: "0123456789abcdef",
    AUTHORIZATION: "Bearer 0123456789",
    OPENAI_API_KEY: "{engineKey}",
    OTHER_KEY: "none",
    TOKENIZERS_PARALLELISM: "false-false",
    MAX_TOKENS: "1000000",
  };
  const { experiment, recorded } = load({ environment });
  expect(experiment.arms[0]).toMatchObject({ environment });
  expect(recorded.arms[0]).toMatchObject({
    environment: { ...environment, AZURE_API_KEY: withheld, AUTHORIZATION: withheld },
  });
  expect(
    experimentFingerprint(load({ environment: { ...environment, AZURE_API_KEY: "fedcba9876543210" } })),
  ).toBe(experimentFingerprint(load({ environment })));
});

test("a header is like a variable: its references stay, and a key that was written out is withheld", () => {
  const headers = {
    authorization: "Bearer ${SOMETHING}",
    "x-api-key": "0123456789abcdef",
    "x-portkey-provider": "openai-like",
    "x-portkey-custom-host": "{engine}/v1",
  };
  const { experiment, recorded } = load({ headers }, { SOMETHING: "sk-live-1" });
  expect(experiment.arms[0]).toMatchObject({ headers: { authorization: "Bearer sk-live-1" } });
  expect(recorded.arms[0]).toMatchObject({ headers: { ...headers, "x-api-key": withheld } });
});

test.each<[what: string, text: string, kept: string]>([
  ["YAML", "api_key: sk-0123456789\nmodel: gpt-0123456789", `api_key: ${withheld}\nmodel: gpt-0123456789`],
  ["JSON", '{"token":"0123456789","n":1}', `{"token":"${withheld}","n":1}`],
  [
    "nginx",
    'proxy_set_header Authorization "Bearer 0123456789";',
    `proxy_set_header Authorization "Bearer ${withheld}";`,
  ],
  ["a reference", "api_key: ${MY_KEY}", "api_key: ${MY_KEY}"],
  ["a placeholder", 'api_key: "{engineKey}"', 'api_key: "{engineKey}"'],
  ["a reference of LiteLLM's", "master_key: os.environ/LITELLM_KEY", "master_key: os.environ/LITELLM_KEY"],
  ["a path", "ssl_certificate_key: /etc/server.pem", "ssl_certificate_key: /etc/server.pem"],
  ["what is no key", "max_tokens: 1000000\nkeepalive_time 24h;", "max_tokens: 1000000\nkeepalive_time 24h;"],
  ["no key at all", "api_key: none", "api_key: none"],
])("a file of a program, in %s: keys are withheld, the rest stays", (_, text, kept) => {
  const { experiment, recorded } = load({ files: { "gateway.conf": text } }, { MY_KEY: "sk-live-1" });
  expect(experiment.arms[0]).toMatchObject({
    files: { "gateway.conf": text.replace("${MY_KEY}", "sk-live-1") },
  });
  expect(recorded.arms[0]).toMatchObject({ files: { "gateway.conf": kept } });
});

test("a record that withholds a key cannot be run again without it", () => {
  expect(() => load({ environment: { AZURE_API_KEY: withheld } })).toThrow(
    /run's record left a key out.*--set/,
  );
  expect(() => load({ files: { "a.yaml": `api_key: ${withheld}` } })).toThrow(/run's record left a key out/);
});

test("a default of a key is a key", () => {
  const { recorded } = load({ environment: { API_KEY: "${KEY:-0123456789}" } });
  expect(JSON.stringify(recorded)).not.toContain("0123456789");
});

test.each([
  ["after a flag for keys", { command: ["gw", "--api-key", "${VALUE}"] }],
  ["in one word with its flag", { command: ["gw", "--master-key=${VALUE}"] }],
  ["by its own name", { command: ["gw", "${SOME_TOKEN}"] }],
  ["within an address", { metricsPath: "/metrics?key=${SOME_TOKEN}" }],
  ["among the variables of a program, whatever they are called", { environment: { UPSTREAM: "x${VALUE}y" } }],
  ["written out after its flag", { command: ["gw", "--token", "THE-VALUE-OF-IT"] }],
  ["written out in one word", { command: ["gw", "--password=THE-VALUE-OF-IT"] }],
])("a key on a command line or elsewhere: %s", (_, arm) => {
  const environment = { VALUE: "THE-VALUE-OF-IT", SOME_TOKEN: "THE-VALUE-OF-IT" };
  const { experiment, recorded, written } = load(arm, environment);
  expect(JSON.stringify(experiment)).toContain("THE-VALUE-OF-IT");
  expect(JSON.stringify([recorded, written])).not.toContain("THE-VALUE-OF-IT");
});

test("what says what was measured is recorded as it was", () => {
  const environment = { MODEL: "qwen", DOMAIN: "library", PORT: "8080" };
  const command = ["gw", "--model", "${MODEL}", "--max-tokens", "${PORT}", "--api-key-env", "${DOMAIN}"];
  expect(load({ command }, environment).recorded.arms[0]).toMatchObject({
    command: ["gw", "--model", "qwen", "--max-tokens", "8080", "--api-key-env", "library"],
  });
});

const name = fc.stringMatching(/^[A-Z][A-Z_]{0,12}$/);
const value = fc.stringMatching(/^[A-Za-z0-9+/-]{8,30}$/).map((text) => `v${text}`);

test("no value of a program's variable reaches a record, whatever it is called and whatever stands beside it", () => {
  const before = fc.constantFrom("", "Bearer ", "x-");
  fc.assert(
    fc.property(fc.record({ variable: name, source: name, secret: value, before }), (drawn) => {
      const arm = { environment: { [drawn.variable]: `${drawn.before}\${${drawn.source}}` } };
      const { experiment, recorded, written } = load(arm, { [drawn.source]: drawn.secret });
      expect(JSON.stringify(experiment)).toContain(drawn.secret);
      expect(JSON.stringify([recorded, written])).not.toContain(drawn.secret);
    }),
    { numRuns: 60 },
  );
});

test.each([
  ["arms.0.environment.AZURE_API_KEY=0123456789ab", 'arms.0.environment.AZURE_API_KEY="(secret)"'],
  [
    "arms=[{environment: {API_KEY: 0123456789abc, A: b}}]",
    'arms=[{"environment":{"API_KEY":"(secret)","A":"b"}}]',
  ],
  ["arms.0.environment.API_KEY=${KEY}", "arms.0.environment.API_KEY=${KEY}"],
  ["sweep.concurrency=[1, 2]", "sweep.concurrency=[1, 2]"],
  ["workload.domain=airline", "workload.domain=airline"],
  ["arms=[{", "arms=(secret)"],
])("the recorded command line: --set %s", (setting, shown) => {
  expect(recordedArguments(["sweep", "x.yaml", "--set", setting, "--out", "a=b"])).toEqual([
    "sweep",
    "x.yaml",
    "--set",
    shown,
    "--out",
    "a=b",
  ]);
  expect(recordedArguments([`--set=${setting}`])).toEqual([`--set=${shown}`]);
});
