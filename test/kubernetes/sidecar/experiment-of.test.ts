import { expect, test } from "vitest";
import { experimentOf } from "../../../bench/kubernetes/sidecar/experiment-of.ts";
import { modelServer } from "../../../bench/kubernetes/sidecar/model-servers.ts";
import { sidecarSettings } from "../../../bench/kubernetes/sidecar/settings.ts";

const keys = {
  OPENAI_API_KEY: "sk-openai-secret",
  ANTHROPIC_API_KEY: "sk-anthropic-secret",
  OPENROUTER_API_KEY: "sk-openrouter-secret",
  GEMINI_API_KEY: "sk-gemini-secret",
};
const made = (more: object, environment: object = keys) => {
  const all = { OPENCLAW_GATEWAY_TOKEN: "gateway-secret", ...environment, ...more };
  return experimentOf(sidecarSettings(all), all);
};

test.each([
  ["openai/gpt-5.5", null, "https://api.openai.com/v1", "gpt-5.5", "OPENAI_API_KEY"],
  ["anthropic/claude-x", null, "https://api.anthropic.com/v1", "claude-x", "ANTHROPIC_API_KEY"],
  [
    "openrouter/anthropic/claude-x",
    null,
    "https://openrouter.ai/api/v1",
    "anthropic/claude-x",
    "OPENROUTER_API_KEY",
  ],
  ["openai/org/own", "http://vllm:8000/v1", "http://vllm:8000/v1", "org/own", "OPENAI_API_KEY"],
  [
    "anthropic/claude-x",
    "http://vllm:8000/v1",
    "https://api.anthropic.com/v1",
    "claude-x",
    "ANTHROPIC_API_KEY",
  ],
])("%s with base %s is served at %s as %s, with the key %s", (...row) => {
  const [name, base, url, model, apiKeyEnv] = row;
  expect(modelServer(name, base, keys)).toEqual({ url, model, apiKeyEnv });
});

test.each([
  [{ OPENAI_API_KEY: "none" }, null],
  [{}, null],
  [{ OPENAI_API_KEY: "sk" }, "OPENAI_API_KEY"],
])("a server of one's own with %j is asked with the key %s", (environment, apiKeyEnv) => {
  expect(modelServer("openai/m", "http://vllm/v1", environment).apiKeyEnv).toBe(apiKeyEnv);
});

test.each([
  ["openai/gpt-5.5", {}, /needs OPENAI_API_KEY/],
  ["anthropic/claude", { ANTHROPIC_API_KEY: "none" }, /needs ANTHROPIC_API_KEY/],
  ["mistral/large", keys, /names no provider/],
  ["gpt-5.5", keys, /names no provider/],
  ["openai/", keys, /names no provider/],
])("%s with %j is refused", (name, environment, message) => {
  expect(() => modelServer(name, null, environment)).toThrow(message);
});

test("the variables become an experiment whose agent is the gateway of the pod, and no key is in it", () => {
  const experiment = made({
    CLAWBENCH_TASKS: "a b",
    CLAWBENCH_JUDGE_MODEL: "anthropic/judge",
    CLAWBENCH_RUNS: "2",
    OPENCLAW_HOME_DIR: "/home/other",
  });
  expect(experiment).toMatchObject({
    name: "clawbench-openai-gpt-5.5",
    stack: { kind: "attach", agent: { model: "gpt-5.5", apiKeyEnv: "OPENAI_API_KEY" } },
    sandbox: "none",
    agent: {
      kind: "openclaw",
      attach: "ws://127.0.0.1:18789",
      tokenEnv: "OPENCLAW_GATEWAY_TOKEN",
      workspaces: "/home/other/.openclaw/tollgate-workspaces",
    },
    workload: {
      kind: "tasks",
      trials: 2,
      task: ["a", "b"],
      judge: { url: "https://api.anthropic.com/v1", model: "judge", apiKeyEnv: "ANTHROPIC_API_KEY" },
    },
    sweep: { concurrency: [4] },
    limits: { startSeconds: 120, callSeconds: 300, episodeSeconds: 600 },
  });
  expect(JSON.stringify(experiment)).not.toMatch(/secret/);
});

test("a simulated model needs neither key nor server", () => {
  const experiment = made({ CLAWBENCH_MODEL: "simulated/tollgate-sim" }, {});
  expect(experiment).toMatchObject({ stack: { kind: "embedded", model: "tollgate-sim" } });
});
