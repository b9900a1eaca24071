import { expect, test } from "vitest";
import { chat } from "../client.ts";
import { startEngine } from "../engine-process.ts";

interface LogEntry {
  readonly arrivalNs: number;
  readonly prefillStartNs: number;
  readonly tokenNs: readonly number[];
  readonly promptIds: readonly number[];
  readonly cachedTokens: number;
}

async function logOf(url: string): Promise<LogEntry[]> {
  const log = (await (await fetch(`${url}/simulator/log?since=1`)).json()) as { requests: LogEntry[] };
  return log.requests;
}

test("no token comes before prefill and decode steps allow it; cached tokens cost no prefill", async () => {
  const flags = ["--decode-step-ms", "5", "--prefill-tokens-per-second", "5000"];
  await using engine = await startEngine(flags);
  const messages = [{ role: "user", content: "word ".repeat(500) }];
  for (let round = 0; round < 2; round++)
    await chat(engine.url, { messages, max_tokens: 40, ignore_eos: true });
  const entries = await logOf(engine.url);
  expect(entries).toHaveLength(2);
  for (const { prefillStartNs, tokenNs, promptIds, cachedTokens } of entries) {
    const prefillNs = ((promptIds.length - cachedTokens) / 5000) * 1e9;
    // The step began just before the stamp was taken.
    const toleranceNs = 1e6;
    for (const [index, stamp] of tokenNs.entries())
      expect(stamp).toBeGreaterThan(prefillStartNs + prefillNs + index * 5e6 - toleranceNs);
  }
  expect(entries.map(({ promptIds, cachedTokens }) => promptIds.length - cachedTokens)).toEqual([
    entries[0]?.promptIds.length,
    1,
  ]);
});

test("requests are taken from the queue in the order of their arrival", async () => {
  await using engine = await startEngine(["--max-running-requests", "2"]);
  const ask = (index: number) =>
    chat(engine.url, {
      messages: [{ role: "user", content: `request ${index}` }],
      max_tokens: 20,
      ignore_eos: true,
    });
  await Promise.all(Array.from({ length: 12 }, (_, index) => ask(index)));
  const entries = await logOf(engine.url);
  const byArrival = entries.toSorted((left, right) => left.arrivalNs - right.arrivalNs);
  const starts = byArrival.map(({ prefillStartNs }) => prefillStartNs);
  expect(starts).toEqual([...starts].sort((left, right) => left - right));
});

test("an engine that cannot keep up with its own schedule still answers and still aborts", async () => {
  await using engine = await startEngine(["--decode-step-ms", "0.0001", "--decode-step-ms-per-request", "0"]);
  const cancel = new AbortController();
  const body = JSON.stringify({
    text: "x",
    stream: true,
    sampling_params: { max_new_tokens: 100_000, ignore_eos: true },
  });
  const doomed = fetch(`${engine.url}/generate`, { method: "POST", body, signal: cancel.signal })
    .then((response) => response.text())
    .catch((error: unknown) => (error as Error).name);
  const running = async () =>
    /num_running_reqs\{[^}]*\} 1\.0/.test(await (await fetch(`${engine.url}/metrics`)).text());
  await expect.poll(running, { timeout: 20_000 }).toBe(true);
  cancel.abort();
  expect(await doomed).toBe("AbortError");
  await expect.poll(running, { timeout: 20_000 }).toBe(false);
});
