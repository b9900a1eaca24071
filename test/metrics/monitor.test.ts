import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../bench/measure/clock.ts";
import { analyzeMonitor } from "../../bench/metrics/analyze.ts";
import { monitor } from "../../bench/metrics/monitor.ts";
import { monitorHeader, monitorLine, parseMonitorCsv } from "../../bench/metrics/monitor-csv.ts";
import { serve, servePages, sglangPage } from "./server.ts";

async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tollgate-monitor-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}
async function watch(url: string, options: { durationS?: number; signal?: AbortSignal } = {}) {
  const out = join(await scratch(), "monitor.csv");
  const warnings: string[] = [];
  const result = await monitor(url, {
    clock: systemClock,
    intervalS: 0.02,
    durationS: options.durationS ?? null,
    out,
    scrapeTimeoutMs: 1000,
    signal: options.signal ?? new AbortController().signal,
    warn: (line) => warnings.push(line),
  });
  return { result, warnings, text: await readFile(out, "utf8") };
}

test("a rate that a page rounds away is an empty cell, and it is said once how far the others may be off", async () => {
  const pages = ["1.90511e+06", "1.90512e+06", "1.90599e+06"].map(
    (prompt) =>
      `llamacpp:prompt_tokens_total ${prompt}\nllamacpp:prompt_tokens_cached_total 0\nllamacpp:tokens_predicted_total 7\n`,
  );
  const stop = new AbortController();
  const url = await servePages((n) => {
    if (n < pages.length) return pages[n] ?? 500;
    stop.abort();
    return 500;
  });
  const { warnings, text } = await watch(url, { signal: stop.signal });
  expect(warnings).toEqual([
    expect.stringMatching(/^the page prints .* each is within ±5, each rate within ±/),
  ]);
  const rates = parseMonitorCsv(text).map(({ input_tok_per_sec: rate }) => rate);
  expect(rates).toEqual([null, null, expect.any(Number)]);
});

test("each sample is a row; a failed scrape is a row with empty cells and a warning; a restart gives no rate", async () => {
  const states = [
    sglangPage({ running: 1, queued: 0, prompt: 100, generated: 10, requests: 1 }),
    sglangPage({ running: 2, queued: 3, prompt: 300, generated: 20, requests: 2 }),
    500,
    sglangPage({ running: 0, prompt: 50, generated: 30 }),
  ];
  const stop = new AbortController();
  const url = await servePages((n) => {
    if (n < states.length) return states[n] ?? 500;
    stop.abort();
    return 500;
  });
  const { result, warnings, text } = await watch(url, { signal: stop.signal });
  expect(result).toEqual({ rows: 4, failedScrapes: 1, stopped: "signal" });
  expect(warnings).toEqual([expect.stringContaining("status 500")]);
  expect(
    text.startsWith(
      "timestamp,elapsed,prompt_tokens,generation_tokens,num_requests,running_reqs,queue_reqs,input_tok_per_sec,output_tok_per_sec,cached_tokens,cache_hit_rate,kv_usage\n",
    ),
  ).toBe(true);
  const rows = parseMonitorCsv(text);
  const nothing = {
    prompt_tokens: null,
    generation_tokens: null,
    num_requests: null,
    running_reqs: null,
    queue_reqs: null,
  };
  const noRates = { input_tok_per_sec: null, output_tok_per_sec: null };
  expect(rows).toMatchObject([
    {
      prompt_tokens: 100,
      generation_tokens: 10,
      num_requests: 1,
      running_reqs: 1,
      queue_reqs: 0,
      ...noRates,
    },
    { prompt_tokens: 300, generation_tokens: 20, num_requests: 2, running_reqs: 2, queue_reqs: 3 },
    { ...nothing, ...noRates },
    {
      prompt_tokens: 50,
      generation_tokens: 30,
      num_requests: null,
      running_reqs: 0,
      queue_reqs: null,
      input_tok_per_sec: null,
    },
  ]);
  expect(rows[1]!.input_tok_per_sec! / rows[1]!.output_tok_per_sec!).toBeCloseTo(20, 1);
  expect(rows[3]!.output_tok_per_sec).toBeGreaterThan(0);
  expect(rows[0]!.timestamp).toMatch(/^\d{4}-\d\d-\d\dT/);
});

/** SGLang's page with a prefix cache; the gauge of running requests is the one that 0.5.10 refreshes every 30 s. */
const cachedPage = (prompt: number, cached: number, kv: number) =>
  `${sglangPage({ running: 9, queued: 9, prompt })}sglang:cached_tokens_total{cache_source="device"} ${cached}\n` +
  `sglang:token_usage{tp_rank="0"} ${kv}\nsglang:token_usage{tp_rank="1"} ${kv}\n`;

test("memory and cache over time; running, queued and memory are the scheduler's own where it can be asked", async () => {
  const stop = new AbortController();
  const loads = [
    { loads: [{ num_running_reqs: 1, num_waiting_reqs: 2, token_usage: 0.5 }] },
    {
      loads: [
        { num_running_reqs: 3, num_waiting_reqs: 0, token_usage: 0.2 },
        { num_running_reqs: 4, num_waiting_reqs: 1, token_usage: 0.4 },
      ],
    },
    { loads: [{ num_running_reqs: 0, num_waiting_reqs: 0 }] },
  ];
  const pages = [cachedPage(100, 0, 0.01), cachedPage(300, 150, 0.02), cachedPage(300, 150, 0.03)];
  const url = await servePages(
    (n) => {
      if (n === pages.length) stop.abort();
      return pages[n] ?? 500;
    },
    (n) => loads[n],
  );
  const { text } = await watch(url, { signal: stop.signal });
  expect(parseMonitorCsv(text)).toMatchObject([
    { running_reqs: 1, queue_reqs: 2, kv_usage: 0.5, cached_tokens: 0, cache_hit_rate: null },
    { running_reqs: 7, queue_reqs: 1, kv_usage: 0.3, cached_tokens: 150, cache_hit_rate: 0.75 },
    { running_reqs: 0, queue_reqs: 0, kv_usage: 0.03, cached_tokens: 150, cache_hit_rate: null },
  ]);
});

test("a server without such a page is asked for it once, and its gauges are believed", async () => {
  const stop = new AbortController();
  const asked: string[] = [];
  const url = await serve((request, response) => {
    asked.push(request.url ?? "");
    if (request.url?.startsWith("/v1/loads") === true) response.writeHead(404).end();
    else response.end(cachedPage(100, 50, 0.25));
    if (asked.length === 4) stop.abort();
  });
  const { text } = await watch(url, { signal: stop.signal });
  expect(asked.filter((path) => path.startsWith("/v1/loads"))).toHaveLength(1);
  expect(parseMonitorCsv(text)[0]).toMatchObject({ running_reqs: 9, queue_reqs: 9, kv_usage: 0.25 });
});

test("the duration ends it, samples are due at multiples of the interval", async () => {
  const { result, text } = await watch(await servePages(() => sglangPage({ running: 0 })), {
    durationS: 0.1,
  });
  expect(result).toMatchObject({ failedScrapes: 0, stopped: "duration" });
  const rows = parseMonitorCsv(text);
  expect(rows).toHaveLength(result.rows);
  expect(result.rows).toBeLessThanOrEqual(6);
  for (const [index, { elapsed }] of rows.entries())
    expect(elapsed).toBeGreaterThanOrEqual(0.02 * index - 0.002);
});

test("a signal during a scrape ends it and leaves the rows so far", async () => {
  const stop = new AbortController();
  let answered = 0;
  const url = await serve((_, response) => {
    answered++;
    if (answered === 1) response.end(sglangPage({ running: 1 }));
    else stop.abort();
  });
  const { result, text } = await watch(url, { signal: stop.signal });
  expect(result).toEqual({ rows: 1, failedScrapes: 0, stopped: "signal" });
  expect(parseMonitorCsv(text)).toHaveLength(1);
});

test("a folder that does not exist is a sentence", async () => {
  const watching = monitor("http://127.0.0.1:1", {
    clock: systemClock,
    intervalS: 1,
    durationS: 1,
    out: join(await scratch(), "no", "monitor.csv"),
    scrapeTimeoutMs: 100,
    signal: new AbortController().signal,
    warn: () => undefined,
  });
  await expect(watching).rejects.toMatchObject({ code: "TOLLGATE_CONFIG" });
});

const row = (
  elapsed: number,
  cells: Partial<
    Record<
      | "prompt"
      | "generation"
      | "requests"
      | "running"
      | "queue"
      | "input"
      | "output"
      | "cached"
      | "hits"
      | "kv",
      number
    >
  >,
) => ({
  timestamp: "2026-01-01T00:00:00.000Z",
  elapsed,
  prompt_tokens: cells.prompt ?? null,
  generation_tokens: cells.generation ?? null,
  num_requests: cells.requests ?? null,
  running_reqs: cells.running ?? null,
  queue_reqs: cells.queue ?? null,
  input_tok_per_sec: cells.input ?? null,
  output_tok_per_sec: cells.output ?? null,
  cached_tokens: cells.cached ?? null,
  cache_hit_rate: cells.hits ?? null,
  kv_usage: cells.kv ?? null,
});

test("rows survive the file; a cut last line is left out; other files are refused with the line", () => {
  const rows = [row(0, { prompt: 5 }), row(5.123, { prompt: 7, input: 0.4, running: 2, kv: 0.000242 })];
  const text = monitorHeader + rows.map(monitorLine).join("");
  expect(parseMonitorCsv(text)).toEqual(rows);
  expect(parseMonitorCsv(`${text}2026-01-01,10`)).toEqual(rows);
  expect(parseMonitorCsv(text.replaceAll("\n", "\r\n"))).toEqual(rows);
  const older = text.replaceAll(/,[^,\n]*,[^,\n]*,[^,\n]*$/gm, "");
  expect(older).toMatch(/output_tok_per_sec\n/);
  expect(parseMonitorCsv(older)).toEqual(rows.map((one) => ({ ...one, kv_usage: null })));
  expect(() => parseMonitorCsv("a,b\n1,2\n")).toThrow(/its header lacks timestamp, elapsed/);
  expect(() => parseMonitorCsv(`${monitorHeader}t,0,x,,,,,,\n`)).toThrow(/line 2: prompt_tokens is "x"/);
  expect(() => parseMonitorCsv(`${monitorHeader}t,,1,,,,,,\n`)).toThrow(/line 2: elapsed is empty/);
});

test("the analysis is over cells that hold numbers, and counts the others", () => {
  const rows = [
    row(0, { prompt: 100, generation: 10, requests: 1, running: 4, queue: 0, cached: 50, kv: 0.1 }),
    row(5, { prompt: 200, generation: 30, requests: 2, running: 8, queue: 2, input: 20, output: 4, kv: 0.3 }),
    row(10, {}),
    row(15, {
      prompt: 600,
      generation: 40,
      requests: 2,
      running: 6,
      queue: 1,
      input: 40,
      output: 1,
      cached: 450,
    }),
  ];
  const { percentile_method: method, below_minimum_samples: below, ...fields } = analyzeMonitor(rows);
  expect(fields).toEqual({
    monitor_duration_seconds: 15,
    monitor_samples: 4,
    empty_cells: {
      prompt_tokens: 1,
      generation_tokens: 1,
      num_requests: 1,
      running_reqs: 1,
      queue_reqs: 1,
      input_tok_per_sec: 2,
      output_tok_per_sec: 2,
      cached_tokens: 2,
      cache_hit_rate: 4,
      kv_usage: 2,
    },
    resets: 0,
    total_prompt_tokens: 500,
    total_generation_tokens: 30,
    total_requests: 1,
    avg_input_tok_per_sec: 500 / 15,
    avg_output_tok_per_sec: 2,
    peak_input_tok_per_sec: 40,
    peak_output_tok_per_sec: 4,
    p50_input_tok_per_sec: 30,
    p95_input_tok_per_sec: 39,
    p99_input_tok_per_sec: 39.8,
    avg_running_reqs: 6,
    max_running_reqs: 8,
    min_running_reqs: 4,
    p50_running_reqs: 6,
    p75_running_reqs: 7,
    p95_running_reqs: expect.closeTo(7.8, 9),
    p99_running_reqs: expect.closeTo(7.96, 9),
    avg_queue_reqs: 1,
    max_queue_reqs: 2,
    p50_queue_reqs: 1,
    p95_queue_reqs: expect.closeTo(1.9, 9),
    p99_queue_reqs: expect.closeTo(1.98, 9),
    total_cached_tokens: 400,
    cache_hit_rate: 0.8,
    avg_kv_usage: 0.2,
    max_kv_usage: 0.3,
    p95_kv_usage: expect.closeTo(0.29, 9),
  });
  expect(method).toContain("linear interpolation");
  expect(below).toHaveLength(11);
});

test("a restart within the recording leaves totals unknown; no rows, nothing known", () => {
  const restarted = [row(0, { prompt: 100, generation: 1 }), row(5, { prompt: 10, generation: 2 })];
  expect(analyzeMonitor(restarted)).toMatchObject({
    resets: 1,
    total_prompt_tokens: null,
    avg_input_tok_per_sec: null,
    total_generation_tokens: 1,
  });
  expect(analyzeMonitor([])).toMatchObject({
    monitor_duration_seconds: null,
    monitor_samples: 0,
    total_requests: null,
    max_running_reqs: null,
  });
});
