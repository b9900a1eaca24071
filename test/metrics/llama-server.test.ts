import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { systemClock } from "../../bench/measure/clock.ts";
import { diff } from "../../bench/metrics/delta.ts";
import { waitUntilIdle } from "../../bench/metrics/drain.ts";
import { deriveEngineDelta } from "../../bench/metrics/engine-delta.ts";
import { detectProfile } from "../../bench/metrics/detect-profile.ts";
import { llamaCppProfile } from "../../bench/metrics/profiles/llama-cpp.ts";
import { scrape } from "../../bench/metrics/snapshot.ts";
import { contextLength, countTokens } from "../../bench/preflight/engine-questions.ts";
import { describeEngine } from "../../bench/stack/engine.ts";

/** llama.cpp's server; it takes its model from LLAMA_ARG_MODEL by itself. */
const binary = process.env["LLAMA_SERVER_BIN"];

/** The engine that is independent of us: real counters, real tokens, on a machine without a GPU. */
test.skipIf(binary === undefined)(
  "a real llama.cpp server: its page has the profile's names and counts the tokens that its answers say",
  async () => {
    await using server = await startServer(binary ?? "");
    const page = () => scrape(server.url, { clock: systemClock, timeoutMs: 10_000 });
    const before = await page();
    const usages: Usage[] = [];
    for (const name of ["Ada", "Grace", "Edsger"])
      usages.push(await chat(server.url, `Say hello to ${name}.`));
    const drained = await waitUntilIdle(`${server.url}/metrics`, { clock: systemClock, timeoutMs: 30_000 });
    expect(drained.drained).toBe(true);
    const after = await page();

    expect(detectProfile(after.exposition.samples)).toBe(llamaCppProfile);
    const delta = deriveEngineDelta(diff(before, after), 1);
    const sum = (count: "prompt_tokens" | "completion_tokens") =>
      usages.reduce((total, usage) => total + usage[count], 0);
    expect([delta.engine, delta.prompt_tokens, delta.generation_tokens]).toEqual([
      "llama.cpp",
      sum("prompt_tokens"),
      sum("completion_tokens"),
    ]);
    const address = { role: "agent", model: undefined, apiKey: "none", metricsUrl: undefined } as const;
    const engine = await describeEngine({ ...address, url: server.url }, AbortSignal.timeout(10_000));
    expect(await contextLength(engine)).toBeGreaterThan(0);
    const counted = await countTokens(engine, {
      messages: [{ role: "user", content: "Hello there" }],
      tools: [],
    });
    expect(counted.by).not.toBe("estimated");
  },
  180_000,
);

interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
}

async function chat(url: string, content: string): Promise<Usage> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ messages: [{ role: "user", content }], max_tokens: 8, temperature: 0 }),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { usage: Usage }).usage;
}

async function startServer(program: string) {
  const port = await freePort();
  const child = spawn(program, ["--metrics", "--host", "127.0.0.1", "--port", String(port)], {
    stdio: "ignore",
  });
  const exited = once(child, "exit");
  const url = `http://127.0.0.1:${port}`;
  const end = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  for (let look = 0; look < 600; look += 1) {
    const status = await fetch(`${url}/health`).then(
      (response) => response.status,
      () => null,
    );
    if (status === 200) return { url, [Symbol.asyncDispose]: end };
    if (child.exitCode !== null)
      throw new Error(`${program} ended with ${child.exitCode}; is LLAMA_ARG_MODEL set?`);
    await sleep(200);
  }
  await end();
  throw new Error(`${program} was not healthy within two minutes`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
