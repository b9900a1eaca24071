import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { LoadThread } from "../../../bench/load/load-thread.ts";
import { comparisonText } from "../../../scripts/scheduler/comparison-table.ts";
import { startSimulated } from "../../../scripts/scheduler/engines.ts";
import { measureLevel, type LevelFigures } from "../../../scripts/scheduler/measure-level.ts";
import { conversations, outputTokens } from "../../../scripts/scheduler/traffic.ts";

const scratch = mkdtempSync(join(tmpdir(), "tollgate-test-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const bench = {
  quick: true,
  scratch,
  root: resolve("."),
  shared: null,
  environment: { PATH: process.env["PATH"] ?? "", HOME: scratch },
  nowNs: () => 0,
};

test("every engine gets the same conversations, each of which begins as all do and goes on by itself", () => {
  expect(conversations(3)).toEqual(conversations(3));
  const firsts = conversations(3).map(({ requests }) => JSON.parse(requests[0]?.body ?? "") as Body);
  expect(new Set(firsts.map(({ messages }) => messages[0]?.content)).size).toBe(1);
  expect(new Set(firsts.map(({ messages }) => messages[1]?.content)).size).toBe(firsts.length);
  const [conversation] = conversations(1);
  const turns = conversation?.requests.map(({ body }) => (JSON.parse(body) as Body).messages) ?? [];
  for (const [index, messages] of turns.slice(1).entries())
    expect(messages.slice(0, turns[index]?.length)).toEqual(turns[index]);
});

interface Body {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

test("an engine is measured from an empty cache, also the second time", async () => {
  const times = { stepMs: 0.5, stepMsPerRequest: 0, prefillTokensPerSecond: 1e6 };
  await using engine = await startSimulated(bench, times, null);
  await using thread = new LoadThread(process.env);
  const first = await measureLevel(engine, thread, 2);
  expect(first).toMatchObject({ engine: "simulator", users: 2, requests: 24, passes: null });
  // A step a token, and the first one comes with the prefill.
  expect(first.itlMs.p50).toBeGreaterThan(0.4);
  expect(first.wallSeconds).toBeGreaterThan((outputTokens * 0.5) / 1000);
  expect(first.cachedShare).toBeGreaterThan(0.5);
  const second = await measureLevel(engine, thread, 2);
  expect([second.promptTokens, second.cachedShare]).toEqual([first.promptTokens, first.cachedShare]);
});

const figures: LevelFigures = {
  engine: "real scheduler",
  users: 16,
  requests: 128,
  wallSeconds: 20,
  ttftMs: { p50: 100, p95: 300 },
  itlMs: { p50: 20, p95: 40 },
  promptTokens: 1000,
  cachedShare: 0.911,
  processorSeconds: new Map([
    ["main", 2],
    ["sglang::scheduler", 5],
  ]),
  passes: { prefills: 9, decodes: 90, batch: 12.34, wallMs: 2.5, processorMs: 1.25, lateMs: 0.1 },
  between: [],
};

test("the table says of each simulator how far it is from the real one at the same load", () => {
  const circumstances = {
    machine: { date: "d", node: "n", cpu: "c", cpuCount: 2, memoryGigabytes: 1, kernel: "k", revision: null },
    load: { start: 0, end: 0 },
    warning: null,
    quick: false,
  };
  const simulated = { ...figures, engine: "simulator", wallSeconds: 15, passes: null };
  const other = { ...figures, users: 1, wallSeconds: 10 };
  const text = comparisonText({
    ...circumstances,
    times: { stepMs: 12, stepMsPerRequest: 0.15, prefillTokensPerSecond: 20_000 },
    host: { stepMs: 1.3, stepMsPerRequest: 0.02, prefillMs: 2.5 },
    levels: [figures, other, { ...simulated, users: 1, wallSeconds: 11 }, simulated],
  });
  const rows = text.split("\n").filter((line) => line.startsWith("│"));
  const cells = rows.map((line) =>
    line
      .split("│")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  expect(cells).toContainEqual([
    "16",
    "real scheduler",
    "20.0",
    "",
    "100 / 300",
    "",
    "20 / 40",
    "",
    "91.1 %",
  ]);
  expect(cells).toContainEqual([
    "16",
    "simulator",
    "15.0",
    "-25.0 %",
    "100 / 300",
    "+0.0 %",
    "20 / 40",
    "+0.0 %",
    "91.1 %",
  ]);
  expect(cells.map(([users, engine, wall, change]) => [users, engine, wall, change])).toContainEqual([
    "1",
    "simulator",
    "11.0",
    "+10.0 %",
  ]);
  expect(cells).toContainEqual([
    "16",
    "real scheduler",
    "9",
    "90",
    "12.3",
    "2.5 (1.25)",
    "0.1",
    "main 0.10, sglang::scheduler 0.25",
  ]);
  expect(text).toContain("--prefill-step-ms=14.5 --host-step-ms=1.3 --host-step-ms-per-request=0.02");
});
