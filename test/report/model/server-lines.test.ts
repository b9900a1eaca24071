import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { serversOfRun, serverVersions } from "../../../bench/evidence/server-facts.ts";
import {
  reportedEngines,
  serverLines,
  simulatedText,
  versionTexts,
} from "../../../bench/report/model/server-lines.ts";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";

const sglang = { name: "sglang", version: "0.5.23", simulated: false };
const simulator = { name: "sglang", version: "0.5.23-simulator", simulated: true };
const unnamed = { name: null, version: null, simulated: false };

test.each([
  ["both", true, { agent: simulator, user: simulator }, /^SIMULATED ENGINES: times are those of a simulator/],
  ["the only one", true, { agent: simulator }, /^SIMULATED ENGINES:/],
  ["a run without evidence", true, {}, /^SIMULATED ENGINES:/],
  [
    "the agent's only",
    true,
    { agent: simulator, user: sglang },
    /^SIMULATED AGENT ENGINE: .*The user's engine is real: SGLang 0\.5\.23\.$/,
  ],
  [
    "the user's only",
    false,
    { agent: sglang, user: simulator },
    /^SIMULATED USER ENGINE: .*The agent's engine is real: SGLang 0\.5\.23\.$/,
  ],
  [
    "the user's only, beside an engine without a name",
    false,
    { agent: unnamed, user: simulator },
    /The agent's engine is real\.$/,
  ],
  [
    "the user's only, where run.json of an older Tollgate says both",
    true,
    { agent: sglang, user: simulator },
    /^SIMULATED USER ENGINE:/,
  ],
])("what a report says of simulators: %s", (...[, simulated, engines, text]) => {
  expect(simulatedText(simulated, engines)).toMatch(text);
});

test("nothing is said where no engine is a simulator", () => {
  expect(simulatedText(false, { agent: sglang, user: unnamed })).toBeNull();
  expect(simulatedText(false, {})).toBeNull();
});

async function stored(servers: Readonly<Record<string, unknown>>) {
  using folder = new TemporaryFolder();
  const directory = join(folder.path, "evidence/servers");
  await mkdir(directory, { recursive: true });
  for (const [name, value] of Object.entries(servers))
    await writeFile(join(directory, `${name}.json`), JSON.stringify(value));
  const facts = await serversOfRun(folder.path);
  return { facts, versions: await serverVersions(folder.path, facts) };
}

test("servers that were there before are described by what they said", async () => {
  const { facts, versions } = await stored({
    agent: {
      v: 1,
      model: "library",
      simulated: false,
      identity: sglang,
      contextLength: 65_536,
      prefixCache: true,
      serverInfo: { version: "0.5.23", context_length: null, tp_size: 2, dp_size: 1, quantization: "fp8" },
    },
    user: {
      v: 1,
      model: "m",
      simulated: false,
      identity: { name: "vllm", version: "0.32.0", simulated: false },
      contextLength: null,
      prefixCache: null,
      serverInfo: null,
    },
  });
  expect(serverLines({ stack: { kind: "attach" } }, facts)).toEqual([
    "agent engine: library, tp 2, dp 1, context 65536, fp8, radix cache on",
    "user engine: m, context not known, prefix cache not known",
  ]);
  expect(versionTexts({ node: "24.0.0", ...versions }, reportedEngines(facts))).toEqual([
    "node 24.0.0",
    "agent engine SGLang 0.5.23",
    "user engine vLLM 0.32.0",
  ]);
});

test("evidence of an older Tollgate: the engine is told by its page, the simulator by what was noted", async () => {
  const identity = { version: "0.5.10", pid: null, startId: null, infoSha256: "a" };
  const { facts } = await stored({
    agent: {
      v: 1,
      model: "m",
      simulated: false,
      identity,
      serverInfo: { version: "0.5.10", disable_radix_cache: true, context_length: 4096 },
    },
    user: { v: 1, model: { served: "m" }, serverInfo: { version: "1", simulator: true } },
  });
  expect(reportedEngines(facts)).toEqual({
    agent: { name: "sglang", version: "0.5.10", simulated: false },
    user: { name: "sglang", version: "1", simulated: true },
  });
  expect(serverLines({ stack: { kind: "process" } }, facts)[0]).toBe(
    "agent engine: m, context 4096, radix cache off",
  );
});

test("a server without a page of its own has no name, one without evidence is left out", async () => {
  const { facts, versions } = await stored({
    agent: { v: 1, model: "m", simulated: false, identity: { version: null }, serverInfo: null },
  });
  expect(reportedEngines(facts)).toEqual({ agent: unnamed });
  expect(versionTexts(versions, reportedEngines(facts))).toEqual(["agent engine unknown"]);
});

test("what a server in a container was asked to be is said as it was", () => {
  const role = { radixCache: true, gpus: ["0", "1"], contextLength: 8192 };
  const stack = { kind: "docker", image: "i", model: "m", agent: role, user: { radixCache: false } };
  expect(serverLines({ stack }, {})).toEqual([
    "agent engine: m, i, GPU 0,1 (tp 2, dp 1), context 8192, radix cache on",
    "user engine: m, i, radix cache off",
  ]);
});

test.each([
  ["a user's engine that ran", { agent: { v: 1 }, user: { v: 1 } }, true],
  ["none that ran", { agent: { v: 1 } }, false],
  ["none that ran beside variants", { "agent--fp8": { v: 1, variant: "fp8" } }, false],
  ["a file of it that a power cut emptied", { agent: { v: 1 }, user: null }, true],
  ["no evidence at all, of an older Tollgate", {}, true],
])("a report names the user's engine that was asked for: %s", async (...[, servers, named]) => {
  const stack = { kind: "embedded", model: "m", agent: { radixCache: true }, user: { radixCache: true } };
  const { facts } = await stored(servers);
  const resolved = { stack, sweep: { variants: { fp8: {} } } };
  const lines = serverLines(resolved, facts);
  expect(lines.some((text) => text.startsWith("agent engine"))).toBe(true);
  expect(lines.some((text) => text.startsWith("user engine"))).toBe(named);
});
