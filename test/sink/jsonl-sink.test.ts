import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { jsonlSink } from "../../bench/sink/jsonl/jsonl-sink.ts";
import { SinkSet } from "../../bench/sink/sink-set.ts";
import { sinkEvents } from "./sink-events.ts";

const folder = mkdtempSync(join(tmpdir(), "tollgate-sink-"));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "logs"));

async function writtenTo(path: string): Promise<readonly string[]> {
  const told: string[] = [];
  const section = { kind: "jsonl", path };
  const sinks = new SinkSet([section], {
    kinds: [jsonlSink],
    context: { runId: "run-1", runDirectory: folder, environment: {} },
    tell: (line) => told.push(line),
  });
  for (const event of sinkEvents(2)) sinks.push(event);
  await sinks.close();
  return told;
}

test("a line per event, with its run, in folders that are made; a second run goes on below", async () => {
  const path = join(folder, "new", "events.jsonl");
  expect([await writtenTo(path), await writtenTo(path)]).toEqual([[], []]);
  const lines = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const types = ["run-started", "episode", "episode", "cell", "run-ended"];
  expect(lines.map(({ type }) => type)).toEqual([...types, ...types]);
  expect(lines[1]).toMatchObject({ runId: "run-1", runDirectory: folder, taskId: "0", reward: 1 });
});

test("a full disk: said once, counted, and written to the run's log", async () => {
  const told = await writtenTo("/dev/full");
  expect(told).toEqual([
    expect.stringMatching(/^sink jsonl could not be given the event run-started: ENOSPC/),
    expect.stringMatching(/^sink jsonl: 0 of 5 events delivered\. /),
  ]);
  expect(readFileSync(join(folder, "logs", "sinks.log"), "utf8")).toContain("0 of 5 events delivered");
});

test("a path that cannot be a file", async () => {
  writeFileSync(join(folder, "file"), "");
  const told = await writtenTo(join(folder, "file", "events.jsonl"));
  expect(told[0]).toMatch(/^sink jsonl could not be opened: E(EXIST|NOTDIR)/);
});

test("a kind that nobody brought, and a section that lacks its path", async () => {
  const options = {
    kinds: [jsonlSink],
    context: { runId: "r", runDirectory: folder, environment: {} },
    tell: () => undefined,
  };
  expect(() => new SinkSet([{ kind: "carrier-pigeon" }], options)).toThrow(/kind carrier-pigeon/);
  expect(jsonlSink.section.schema.safeParse({ kind: "jsonl" }).success).toBe(false);
});
