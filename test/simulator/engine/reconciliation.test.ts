import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { chat, type ChatAnswer, chunksOf, metric } from "../client.ts";
import { type EngineProcess, startEngine } from "../engine-process.ts";

interface LogEntry {
  readonly finish: string;
  readonly prefillStartNs: number | null;
  readonly promptIds: readonly number[];
  readonly outputIds: readonly number[];
  readonly cachedTokens: number;
}

interface Totals {
  prompt: number;
  completion: number;
  cached: number;
  requests: number;
}

async function counters(url: string): Promise<Totals> {
  return {
    prompt: await metric(url, "prompt_tokens_total"),
    completion: await metric(url, "generation_tokens_total"),
    cached: await metric(url, "cached_tokens_total"),
    requests: await metric(url, "num_requests_total"),
  };
}

const request = fc.record({
  streamed: fc.boolean(),
  /** Requests share prefixes, so that the cache has something to do. */
  prefix: fc.integer({ min: 0, max: 3 }),
  words: fc.integer({ min: 0, max: 400 }),
  maxTokens: fc.integer({ min: 1, max: 30 }),
  /** null = waits for the answer. */
  abortAfterMs: fc.option(fc.integer({ min: 0, max: 30 }), { freq: 4 }),
});
type RequestPlan = typeof request extends fc.Arbitrary<infer T> ? T : never;

/** Sends one request; the usage that its answer reported, null when it was aborted. */
async function send(url: string, plan: RequestPlan): Promise<Totals | null> {
  const cancel = new AbortController();
  if (plan.abortAfterMs !== null) setTimeout(() => cancel.abort(), plan.abortAfterMs);
  const content = `${String(plan.prefix).repeat(50)} ${"word ".repeat(plan.words)}`;
  const body = {
    messages: [{ role: "user", content }],
    stream: plan.streamed,
    stream_options: { include_usage: true },
    // A request that will be aborted would otherwise often be done before.
    max_tokens: plan.abortAfterMs === null ? plan.maxTokens : 20_000,
    ignore_eos: true,
  };
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      body: JSON.stringify(body),
      signal: cancel.signal,
    });
    const text = await response.text();
    const usage = plan.streamed ? chunksOf(text).at(-1)?.usage : (JSON.parse(text) as ChatAnswer).usage;
    return {
      prompt: usage?.prompt_tokens ?? Number.NaN,
      completion: usage?.completion_tokens ?? Number.NaN,
      cached: usage?.prompt_tokens_details?.cached_tokens ?? 0,
      requests: 1,
    };
  } catch (error) {
    if ((error as Error).name === "AbortError") return null;
    throw error;
  }
}

async function drain(engine: EngineProcess): Promise<void> {
  // A request whose client left at once may still be on its way: some turns of the engine's loop take it in.
  for (let round = 0; round < 5; round += 1) await load(engine);
  await sleep(50);
  await expect
    .poll(async () => await load(engine), { timeout: 20_000 })
    .toMatchObject({ num_running_reqs: 0, num_waiting_reqs: 0 });
}

/** Asked of the scheduler, because the gauges of the metrics page lag behind. */
async function load({ url }: EngineProcess): Promise<unknown> {
  const page = (await (await fetch(`${url}/v1/loads`)).json()) as { loads: readonly unknown[] };
  return page.loads[0];
}

function add(into: Totals, part: Totals): void {
  into.prompt += part.prompt;
  into.completion += part.completion;
  into.cached += part.cached;
  into.requests += part.requests;
}

test("counters move by exactly what the answers report, plus what aborted requests got", async () => {
  await using engine = await startEngine(["--max-running-requests", "4"]);
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 24 }), async (plans) => {
      const before = await counters(engine.url);
      const abortedBefore = await metric(engine.url, "num_aborted_requests_total");
      const { next } = (await (await fetch(`${engine.url}/simulator/log?since=999999999`)).json()) as {
        next: number;
      };
      const answers = await Promise.all(plans.map((plan) => send(engine.url, plan)));
      await drain(engine);
      const after = await counters(engine.url);
      const log = (await (await fetch(`${engine.url}/simulator/log?since=${next}`)).json()) as {
        requests: LogEntry[];
      };
      const expected: Totals = { ...before };
      for (const answer of answers) if (answer !== null) add(expected, answer);
      const aborted = log.requests.filter(({ finish }) => finish === "abort");
      for (const { prefillStartNs, promptIds, outputIds, cachedTokens } of aborted)
        if (prefillStartNs !== null)
          add(expected, {
            prompt: promptIds.length,
            completion: outputIds.length,
            cached: cachedTokens,
            requests: 1,
          });
      expect(after).toEqual(expected);
      expect(await metric(engine.url, "num_aborted_requests_total")).toBe(abortedBefore + aborted.length);
      // Nothing is held for requests that are gone.
      expect(await load(engine)).toMatchObject({ num_used_tokens: 0 });
    }),
    { numRuns: 15 },
  );
});

test("without a radix cache nothing is ever cached", async () => {
  await using engine = await startEngine(["--no-radix-cache"]);
  const body = { messages: [{ role: "user", content: "again and again" }] };
  const answers = [];
  for (let round = 0; round < 3; round++) answers.push(await chat(engine.url, body));
  expect(answers.map(({ usage }) => usage?.prompt_tokens_details)).toEqual(
    Array.from({ length: 3 }, () => ({ cached_tokens: 0 })),
  );
  expect(await metric(engine.url, "cached_tokens_total")).toBe(0);
});
