import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../bench/measure/clock.ts";
import {
  analyzeCommand,
  diffCommand,
  monitorCommand,
  snapshotCommand,
} from "../../bench/metrics/commands.ts";
import { servePages, sglangPage } from "./server.ts";

async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "tollgate-metrics-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}
const hostWith = (signal = new AbortController().signal) => {
  const warnings: string[] = [];
  return { clock: systemClock, signal, warn: (line: string) => void warnings.push(line), warnings };
};

test("snapshot, diff: two snapshots of a live server know the time between them", async () => {
  const directory = await scratch();
  const url = await servePages((n) => sglangPage({ prompt: 100 * (n + 1), generated: 10, requests: n }));
  const [pre, post] = [join(directory, "pre.json"), join(directory, "post.json")];
  expect(await snapshotCommand({ url, out: pre }, hostWith())).toEqual({ stdout: pre, exitCode: 0 });
  await snapshotCommand({ url, out: post }, hostWith());
  const { stdout, exitCode } = await diffCommand({ pre, post });
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    engine: "sglang",
    reset: false,
    prompt_tokens: 100,
    generation_tokens: 0,
    num_requests: 1,
    cached_tokens: null,
    wall_clock_seconds: expect.any(Number),
  });
});

test("a snapshot named .prom is the page itself, on stdout it is JSON", async () => {
  const directory = await scratch();
  const page = sglangPage({ prompt: 7 });
  const url = await servePages(() => page);
  const out = join(directory, "pre.prom");
  await snapshotCommand({ url, out }, hostWith());
  expect(await readFile(out, "utf8")).toBe(page);
  const { stdout } = await snapshotCommand({ url }, hostWith());
  expect(JSON.parse(stdout)).toMatchObject({
    type: "metrics-snapshot",
    v: 1,
    url: `${url}/metrics`,
    text: page,
  });
});

test("diff of pages needs the wall clock, takes either form, and says when it is worth nothing", async () => {
  const directory = await scratch();
  const file = async (name: string, text: string) => {
    const path = join(directory, name);
    await writeFile(path, text);
    return path;
  };
  const pre = await file("pre.prom", sglangPage({ prompt: 5 }));
  const post = await file("post.prom", sglangPage({ prompt: 25 }));
  const out = join(directory, "diff.json");
  expect(await diffCommand({ pre, post, wallClockS: 10, out })).toEqual({ stdout: out, exitCode: 0 });
  expect(JSON.parse(await readFile(out, "utf8"))).toMatchObject({ input_throughput_tok_per_sec: 2 });
  expect((await diffCommand({ pre: post, post: pre, wallClockS: 10 })).exitCode).toBe(1);
  const other = await file("other.prom", "up 1\n");
  expect((await diffCommand({ pre: other, post: other, wallClockS: 10 })).exitCode).toBe(1);
  const refusals: readonly [Parameters<typeof diffCommand>[0], RegExp][] = [
    [{ pre, post }, /needs --wall-clock/],
    [{ pre, post, wallClockS: 0 }, /positive number of seconds, got 0/],
    [{ pre: join(directory, "none"), post, wallClockS: 1 }, /cannot read .*none/],
    [
      { pre: await file("bad", "<html>"), post, wallClockS: 1 },
      /bad is neither a metrics page nor a snapshot/,
    ],
    [{ pre, post, wallClockS: 1, out: join(directory, "no", "x") }, /cannot write/],
  ];
  for (const [options, message] of refusals) {
    await expect(diffCommand(options)).rejects.toMatchObject({
      code: "TOLLGATE_CONFIG",
      message: expect.stringMatching(message),
    });
  }
});

test("snapshot of a server without metrics is a start error, of no address a usage error", async () => {
  const url = await servePages(() => 404);
  await expect(snapshotCommand({ url }, hostWith())).rejects.toMatchObject({
    code: "TOLLGATE_START",
    message: expect.stringContaining("--enable-metrics"),
  });
  await expect(snapshotCommand({ url: "localhost:30000" }, hostWith())).rejects.toMatchObject({
    code: "TOLLGATE_CONFIG",
  });
});

test("monitor and analyze: from a live server to a summary", async () => {
  const out = join(await scratch(), "m.csv");
  const url = await servePages((n) => sglangPage({ running: n, queued: 0, prompt: 10 * n }));
  const host = hostWith();
  const watched = await monitorCommand({ url, intervalS: 0.01, durationS: 0.05, out }, host);
  expect(watched).toEqual({ stdout: expect.stringMatching(/m\.csv: \d rows$/), exitCode: 0 });
  const { stdout, exitCode } = await analyzeCommand({ csv: out });
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ resets: 0, min_running_reqs: 0, max_queue_reqs: 0 });
});

test("monitor says when nothing could be read, and when it was stopped early", async () => {
  const out = join(await scratch(), "m.csv");
  const dead = hostWith();
  const url = "http://127.0.0.1:1";
  expect(await monitorCommand({ url, intervalS: 0.01, durationS: 0.02, out }, dead)).toEqual({
    stdout: expect.stringMatching(/(\d) rows, \1 without a reading/),
    exitCode: 1,
  });
  expect(dead.warnings[0]).toContain("ECONNREFUSED");
  const live = await servePages(() => sglangPage({ running: 0 }));
  const stopped = { url: live, intervalS: 0.01, durationS: 60, out };
  expect(await monitorCommand(stopped, hostWith(AbortSignal.timeout(60)))).toMatchObject({ exitCode: 130 });
  const open = { url: live, intervalS: 0.01, out };
  expect(await monitorCommand(open, hostWith(AbortSignal.timeout(60)))).toMatchObject({ exitCode: 0 });
  await expect(monitorCommand({ ...open, intervalS: 0 }, hostWith())).rejects.toThrow(
    /--interval must be a positive/,
  );
});
