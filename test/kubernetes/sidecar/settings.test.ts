import { expect, test } from "vitest";
import { ConfigError } from "../../../bench/errors.ts";
import { sidecarSettings, terminationLogOf } from "../../../bench/kubernetes/sidecar/settings.ts";

const token = { OPENCLAW_GATEWAY_TOKEN: "t" };

test("the defaults are those of ClawBench's ConfigMap, and an empty variable is none", () => {
  const empty = Object.fromEntries(
    ["RUNS", "CONCURRENCY", "JUDGE_MODEL", "TASKS", "CONNECT_TIMEOUT", "MODEL"].map((key) => [
      `CLAWBENCH_${key}`,
      "",
    ]),
  );
  for (const environment of [token, { ...token, ...empty, OPENAI_API_BASE: " " }])
    expect(sidecarSettings(environment)).toMatchObject({
      model: "openai/gpt-5.5",
      runs: 3,
      concurrency: 4,
      judgeModel: null,
      tasks: [],
      connectTimeoutSeconds: 120,
      requestTimeoutSeconds: 300,
      budgetSeconds: 600,
      openaiBase: null,
      gatewayUrl: "ws://127.0.0.1:18789",
      homeDirectory: "/home/node",
      resultsDirectory: "/results",
    });
});

test("reads what is set; tasks are parted by spaces, a page's address is that of its socket", () => {
  expect(
    sidecarSettings({
      ...token,
      CLAWBENCH_TASKS: " t1-a  t2-b\nt3-c ",
      CLAWBENCH_PER_RUN_BUDGET_SECONDS: "0.5",
      OPENCLAW_GATEWAY_URL: "https://gateway:443",
      OPENCLAW_HOME_DIR: "/home/node/.openclaw",
      HOSTNAME: "host",
      POD_NAME: "pod",
    }),
  ).toMatchObject({
    tasks: ["t1-a", "t2-b", "t3-c"],
    budgetSeconds: 0.5,
    gatewayUrl: "wss://gateway:443",
    homeDirectory: "/home/node/.openclaw",
    pod: "pod",
  });
});

test.each([
  [{ OPENCLAW_GATEWAY_TOKEN: "" }, /OPENCLAW_GATEWAY_TOKEN is not set/],
  [{ OPENCLAW_HOME_SHARED: "false" }, /volume at its home/],
  [{ CLAWBENCH_RUNS: "0" }, /CLAWBENCH_RUNS is "0"/],
  [{ CLAWBENCH_CONCURRENCY: "2.5" }, /CLAWBENCH_CONCURRENCY is "2\.5"/],
  [{ CLAWBENCH_REQUEST_TIMEOUT: "-1" }, /CLAWBENCH_REQUEST_TIMEOUT is "-1"/],
  [{ CLAWBENCH_CONNECT_TIMEOUT: "0" }, /CLAWBENCH_CONNECT_TIMEOUT is "0"/],
  [{ OPENCLAW_GATEWAY_URL: "gateway" }, /OPENCLAW_GATEWAY_URL is "gateway"/],
])("%j is refused by its name", (wrong, message) => {
  const read = () => sidecarSettings({ ...token, ...wrong });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(message);
});

test("the reason of an end has its place even where the settings are wrong", () => {
  expect(terminationLogOf({})).toBe("/dev/termination-log");
});
