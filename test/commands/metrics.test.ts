import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TemporaryFolder, tollgate, TollgateProcess } from "../e2e/tollgate-process.ts";
import { sglangFixtures } from "../metrics/fixtures.ts";
import { startEngine, type EngineProcess } from "../simulator/engine-process.ts";

/** The commands as a user types them, against recorded SGLang pages and a live simulated engine. */
const folder = new TemporaryFolder();
const file = (name: string) => join(folder.path, name);
let engine: EngineProcess;
beforeAll(async () => {
  engine = await startEngine();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function chat(): Promise<{ readonly prompt_tokens: number; readonly completion_tokens: number }> {
  const response = await fetch(`${engine.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "tollgate-sim", messages: [{ role: "user", content: "Hello." }] }),
  });
  const { usage } = (await response.json()) as {
    usage: { prompt_tokens: number; completion_tokens: number };
  };
  return usage;
}

test.skipIf(sglangFixtures === null)("diff of the recorded SGLang pages", async () => {
  const { before, after } = sglangFixtures!;
  const { code, stdout, stderr } = await tollgate(["metrics", "diff", before, after, "--wall-clock", "60"]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout)).toMatchObject({
    engine: "sglang",
    reset: false,
    wall_clock_seconds: 60,
    prompt_tokens: 230_217,
    generation_tokens: 4_251,
    num_requests: 39,
    cached_tokens: 180_000,
    cache_hit_rate: expect.closeTo(0.782, 3),
    aborted: 2,
    // Every one of eight ranks reports the same three.
    retractions: 3,
    input_throughput_tok_per_sec: expect.closeTo(230_217 / 60, 9),
    problems: [],
  });
  const backwards = await tollgate(["metrics", "diff", after, before, "--wall-clock", "60"]);
  expect(backwards.code).toBe(1);
  expect(JSON.parse(backwards.stdout)).toMatchObject({ reset: true, input_throughput_tok_per_sec: null });
  const timeless = await tollgate(["metrics", "diff", before, after]);
  expect([timeless.code, timeless.stdout]).toEqual([2, ""]);
  expect(timeless.stderr).toContain("--wall-clock SECONDS");
});

test("snapshot and diff of a live engine count the tokens that its answers said", async () => {
  const [pre, post, page] = [file("pre.json"), file("post.json"), file("page.prom")];
  expect(await tollgate(["metrics", "snapshot", engine.url, "-o", pre])).toMatchObject({
    code: 0,
    stdout: `${pre}\n`,
  });
  const answers = [await chat(), await chat()];
  await tollgate(["metrics", "snapshot", engine.url, "-o", post]);
  const sum = (key: "prompt_tokens" | "completion_tokens") =>
    answers.reduce((total, answer) => total + answer[key], 0);
  const { code, stdout } = await tollgate(["metrics", "diff", pre, post]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    engine: "sglang",
    reset: false,
    num_requests: 2,
    prompt_tokens: sum("prompt_tokens"),
    generation_tokens: sum("completion_tokens"),
    wall_clock_seconds: expect.any(Number),
  });
  await tollgate(["metrics", "snapshot", engine.url, "-o", page]);
  expect(readFileSync(page, "utf8")).toMatch(/^# HELP sglang:/);
});

test("monitor writes a row per interval until its duration is over, and analyze reads them", async () => {
  const csv = file("engine.csv");
  const watched = await tollgate([
    "metrics",
    "monitor",
    engine.url,
    "-i",
    "0.1",
    "--duration",
    "1",
    "-o",
    csv,
  ]);
  expect([watched.code, watched.stdout]).toEqual([0, expect.stringMatching(/engine\.csv: \d+ rows\n$/)]);
  const lines = readFileSync(csv, "utf8").trimEnd().split("\n");
  expect(lines.length).toBeGreaterThan(2);
  const out = file("analysis.json");
  const analyzed = await tollgate(["metrics", "analyze", csv, "-o", out]);
  expect([analyzed.code, analyzed.stdout]).toEqual([0, `${out}\n`]);
  expect(JSON.parse(readFileSync(out, "utf8"))).toMatchObject({
    resets: 0,
    max_running_reqs: 0,
    max_queue_reqs: 0,
  });
});

test("monitor without a duration ends well with Ctrl-C, and keeps what it has", async () => {
  const csv = file("open.csv");
  await using watching = new TollgateProcess(["metrics", "monitor", engine.url, "-i", "0.1", "-o", csv]);
  const rows = () => (existsSync(csv) ? readFileSync(csv, "utf8").trimEnd().split("\n").length - 1 : 0);
  await watching.until(() => rows() >= 2, { what: "a second row" });
  watching.child.kill("SIGINT");
  const { code, stdout } = await watching.finished();
  expect([code, stdout]).toEqual([0, `${csv}: ${rows()} rows\n`]);
});

test.each([
  { what: "no server", args: ["snapshot", "http://127.0.0.1:9"], exit: 3, message: "127.0.0.1:9" },
  { what: "no address", args: ["snapshot", "localhost:30000"], exit: 2, message: "is not an http address" },
  {
    what: "no file",
    args: ["diff", "none.prom", "none.prom", "--wall-clock", "1"],
    exit: 2,
    message: "cannot read none.prom",
  },
  {
    what: "no interval",
    args: ["monitor", "http://127.0.0.1:9", "-i", "x", "-o", "x.csv"],
    exit: 2,
    message: "--interval",
  },
  { what: "no CSV", args: ["analyze", "none.csv"], exit: 2, message: "cannot read none.csv" },
  {
    what: "no output",
    args: ["monitor", "http://127.0.0.1:9"],
    exit: 2,
    message: "required option '-o, --out <csv>'",
  },
])("$what: a sentence and exit code $exit", async ({ args, exit, message }) => {
  const { code, stdout, stderr } = await tollgate(["metrics", ...args]);
  expect([code, stdout]).toEqual([exit, ""]);
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/^\s+at /m);
});
