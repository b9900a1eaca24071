import { createServer } from "node:net";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { ConfigError } from "../../bench/errors.ts";
import { parseSimulatorArguments, simulatorUsage } from "../../bench/simulator/arguments.ts";
import { parseFaults } from "../../bench/simulator/settings/faults.ts";
import { loadScenarios } from "../../bench/simulator/policy/scenario.ts";
import { chat, post } from "./client.ts";
import { runProgram, startEngine } from "./engine-process.ts";

const messages = [{ role: "user", content: "Hello" }];

test("wrong command lines are refused with a reason", () => {
  const base = ["--role", "agent", "--port", "0"];
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["--port", "0"], "role"],
    [[...base, "--porta", "1"], "--porta"],
    [["--role", "boss", "--port", "0"], "role"],
    [[...base, "--error-rate", "2"], "errorRate"],
    [[...base, "--seed", "x"], "seed"],
    [[...base, "--sglang", "0.4.1"], 'sglang: Invalid option: expected one of "0.5.10"|"0.5.23"'],
  ];
  for (const [args, message] of cases) {
    const parse = () => parseSimulatorArguments(args);
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(message);
    expect(parse).toThrow("usage: simulate --role agent|user");
  }
});

test("the help says what every flag does, with its default", () => {
  const [usage = "", ...lines] = simulatorUsage.split(/\n(?= {2}--\w\S*(?: \S+)? {2,}\S)/);
  const named = [...usage.matchAll(/--[a-z-]+/g)].map(([flag]) => flag);
  expect(named.length).toBeGreaterThan(20);
  expect(lines.map((line) => /--[a-z-]+/.exec(line)?.[0])).toEqual(named);
  for (const line of lines) expect(line).toMatch(/ {2}\S.{15,}$/);
  expect(simulatorUsage).toMatch(/--decode-step-ms N +time of one decode step .*\(default: 4\)/);
});

test("flags that name what does not exist are refused with a reason", () => {
  expect(() => parseFaults(["frobnicate"], 1)).toThrow('unknown fault "frobnicate"; known: usage-skew');
  expect(() => parseFaults(["slow=fast"], 1)).toThrow("fault slow=fast: the value must be a number");
  const source = { data: "/absent", domains: [], schemas: null };
  expect(() => loadScenarios(source)).toThrow("no folder /absent/tau2/domains");
  expect(() => loadScenarios({ ...source, data: null, domains: ["shop"] })).toThrow("--domain needs --data");
});

test("a wrong command line ends the program with status 2", async () => {
  const result = await runProgram(["--role", "agent", "--port", "0", "--frobnicate"]);
  expect({ code: result.code, stdout: result.stdout }).toEqual({ code: 2, stdout: "" });
  expect(result.stderr).toContain("--frobnicate");
});

test("a port that is taken ends the start with status 3", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const result = await runProgram(["--role", "user", "--port", String(port)]);
  other.close();
  expect(result).toEqual({
    code: 3,
    stdout: "",
    stderr: `cannot listen on 127.0.0.1:${port}: the port is taken; choose another --port, or 0 for a free one\n`,
  });
});

test("SIGTERM lets a running answer end, then the process ends with 0", async () => {
  await using engine = await startEngine(["--decode-step-ms", "20"]);
  const answer = post(`${engine.url}/v1/chat/completions`, { messages, stream: true });
  await expect
    .poll(async () => /"num_running_reqs":1/.test(await (await fetch(`${engine.url}/v1/loads`)).text()), {
      timeout: 5000,
    })
    .toBe(true);
  engine.child.kill("SIGTERM");
  expect((await answer).text).toContain("[DONE]");
  expect(await engine.exited).toEqual({ code: 0, signal: null });
});

test("kill -9 leaves no process and a port that can be used again", async () => {
  await using first = await startEngine();
  const { port } = new URL(first.url);
  await chat(first.url, { messages });
  first.child.kill("SIGKILL");
  await first.exited;
  expect(() => process.kill(first.child.pid ?? 0, 0)).toThrow("ESRCH");
  await using second = await startEngine(["--port", port]);
  expect(new URL(second.url).port).toBe(port);
  await chat(second.url, { messages });
});

test("--log writes what the engine knows, one line of JSON per request", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "tollgate-simulator-log-"));
  try {
    const file = path.join(folder, "engine.ndjson");
    await using engine = await startEngine(["--log", file]);
    const answer = await chat(engine.url, { messages, return_token_ids: true });
    engine.child.kill("SIGTERM");
    await engine.exited;
    const lines = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as { endpoint: string; outputIds: number[] })).toMatchObject([
      { seq: 0, endpoint: "(own)" },
      {
        seq: 1,
        id: answer.id,
        endpoint: "/v1/chat/completions",
        outputIds: answer.choices[0].response_token_ids,
      },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
