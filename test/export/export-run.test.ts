import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exportRun } from "../../bench/export/export-run.ts";
import { exportedTrajectorySchema } from "../../bench/export/jsonl.ts";
import { compressLog } from "../../bench/store/compressed-log.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import {
  buildAttempt,
  buildEpisode,
  buildIdentity,
  plannedCell,
  runStarted,
  transcript,
} from "../store/run-builder.ts";

let scratch: string;
let runDirectory: string;
const cell = plannedCell("gateway", 5);

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-export-"));
  const identity = buildIdentity({
    cells: [cell],
    resolved: { workload: { tasks: { split: "train" } } },
  });
  await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
  runDirectory = run.path;
  await run.append(runStarted(identity));
  const failure = { class: "engine", message: "gone" };
  await run.appendEpisode(buildEpisode(cell, 0), buildAttempt());
  await run.appendEpisode(buildEpisode(cell, 1, { reward: 0 }), buildAttempt());
  await run.appendEpisode(buildEpisode(cell, 2, { reward: null, labels: ["unjudged"] }), buildAttempt());
  await run.appendEpisode(buildEpisode(cell, 3, { status: "failed", reward: null, failure }), buildAttempt());
  // Run again later: only the second result counts.
  await run.appendEpisode(buildEpisode(cell, 4, { reward: 0 }), buildAttempt());
  await run.appendEpisode(buildEpisode(cell, 4, { segmentId: "s1" }), buildAttempt("a1"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const lines = async (path: string) =>
  (await readFile(path, "utf8"))
    .split("\n")
    .slice(0, -1)
    .map((line): unknown => JSON.parse(line));

test("jsonl: every result that counts, with its texts inlined; the rest is counted with a reason", async () => {
  const out = join(scratch, "jsonl");
  const manifest = await exportRun(runDirectory, { format: "jsonl", out });
  expect((await readdir(out)).sort()).toEqual([
    "README.md",
    "manifest.json",
    "trajectories.jsonl",
    "trajectories.schema.json",
  ]);
  const exported = (await lines(join(out, "trajectories.jsonl"))).map((line) =>
    exportedTrajectorySchema.parse(line),
  );
  expect(exported.map(({ episodeId, reward, segmentId }) => [episodeId, reward, segmentId])).toEqual([
    [cell.episodeIds[0], 1, "s0"],
    [cell.episodeIds[1], 0, "s0"],
    [cell.episodeIds[2], null, "s0"],
    [cell.episodeIds[4], 1, "s1"],
  ]);
  expect(exported[0]).toMatchObject({
    system: transcript.system,
    tools: JSON.parse(transcript.tools) as unknown,
    messages: transcript.messages,
    load: "closed:1",
    groupId: `${cell.cellId}/0`,
    rewardBasis: ["DB"],
    tokenSource: "none",
  });
  expect(JSON.parse(await readFile(join(out, "manifest.json"), "utf8"))).toEqual(manifest);
  expect(manifest).toMatchObject({
    format: "jsonl",
    run: { runId: "laptop-20261121T120000Z-0a1b2c", simulated: true },
    counts: {
      trajectories: 4,
      judged: 3,
      passed: 2,
      messages: 20,
      byArm: { gateway: 4 },
      byDomain: { library: 4 },
      byStatus: { completed: 4 },
      byLabel: { unjudged: 1 },
    },
    exclusions: [
      { reason: "failed: engine", count: 1 },
      { reason: "not the result that counts (killed before its record, or replaced by --redo)", count: 1 },
    ],
    split: { name: "train", tasks: { library: ["0", "1", "2", "4"] } },
  });
  const [file] = manifest.files;
  const bytes = await readFile(join(out, "trajectories.jsonl"));
  expect(file).toEqual({
    name: "trajectories.jsonl",
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  });
});

test("the JSON Schema beside the lines describes them", async () => {
  const schema: unknown = JSON.parse(
    await readFile(join(scratch, "jsonl", "trajectories.schema.json"), "utf8"),
  );
  const { required } = schema as { required: string[] };
  const [line] = (await lines(join(scratch, "jsonl", "trajectories.jsonl"))) as object[];
  expect(Object.keys(line!).sort()).toEqual([...required].sort());
});

test("numbers in tool schemas keep their spelling", async () => {
  const tools = '[ {"type": "function",\n "function": {"name": "f", "parameters": {"default": 2.0}}} ]';
  const identity = buildIdentity({ runId: "spelled", cells: [cell] });
  {
    await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
    const facts = { rewardInfo: null, transcript: { ...transcript, tools } };
    await run.appendEpisode(buildEpisode(cell, 0), { ...buildAttempt(), facts });
  }
  const out = join(scratch, "spelled-out");
  await exportRun(join(scratch, "spelled"), { format: "jsonl", out });
  expect(await readFile(join(out, "trajectories.jsonl"), "utf8")).toContain(
    '"tools":[{"type":"function","function":{"name":"f","parameters":{"default":2.0}}}]}\n',
  );
});

test("sft: passed episodes as chats; the greeting is context", async () => {
  const out = join(scratch, "sft");
  const manifest = await exportRun(runDirectory, { format: "sft", out });
  expect(manifest.counts.trajectories).toBe(2);
  expect(manifest.exclusions).toEqual([
    { reason: "not passed: only passed episodes are examples", count: 1 },
    { reason: "unjudged: only passed episodes are examples", count: 1 },
    { reason: "failed: engine", count: 1 },
    { reason: "not the result that counts (killed before its record, or replaced by --redo)", count: 1 },
  ]);
  const [first] = await lines(join(out, "sft.jsonl"));
  expect(first).toEqual({
    messages: [
      { role: "system", content: transcript.system },
      { role: "assistant", content: "Hi! How can I help?", weight: 0 },
      { role: "user", content: "Is Dune in?" },
      {
        role: "assistant",
        content: "",
        tool_calls: [
          {
            id: "call_1-a",
            type: "function",
            function: { name: "get_book", arguments: { title: "Dune", n: 2 } },
          },
        ],
        // JavaScript reads 2.0 as 2.
        arguments_text: ['{"title": "Dune", "n": 2.0}'],
        weight: 1,
      },
      { role: "tool", tool_call_id: "call_1-a", content: '{"copies": 1}' },
      { role: "assistant", content: "Yes, one copy.", weight: 1 },
    ],
    tools: JSON.parse(transcript.tools) as unknown,
  });
});

test("a compressed run exports the same bytes", async () => {
  const plain = await readFile(join(scratch, "jsonl", "trajectories.jsonl"));
  await compressLog(runDirectory, "trajectories.jsonl");
  const out = join(scratch, "from-compressed");
  await exportRun(runDirectory, { format: "jsonl", out });
  expect(await readFile(join(out, "trajectories.jsonl"))).toEqual(plain);
});

test("an unknown format and a folder in use are refused with what to do", async () => {
  await expect(exportRun(runDirectory, { format: "csv", out: join(scratch, "x") })).rejects.toThrow(
    "Unknown export format csv. Use one of: jsonl, areal, atif, sft, parquet.",
  );
  const used = join(scratch, "jsonl");
  await expect(exportRun(runDirectory, { format: "jsonl", out: used })).rejects.toThrow(/is not empty .*-o/);
});

test.each([
  ["areal", "bench/simulator/model", /verifies chat lines, and format areal has none\. Use --format sft/],
  ["sft", "test/export", /cannot use test\/export: it has no tokenizer\.json\. Give the folder/],
  ["sft", "no/such/folder", /cannot use no\/such\/folder: it has no tokenizer\.json/],
])(
  "--verify-template with format %s and folder %s is refused before anything is written",
  async (...wrong) => {
    const [format, verifyTemplate, message] = wrong;
    const out = join(scratch, "never");
    await expect(exportRun(runDirectory, { format, out, verifyTemplate })).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
  },
);

test("memory does not grow with the run", async () => {
  const many = plannedCell("raw", 100);
  const identity = buildIdentity({ runId: "many", cells: [many] });
  const text = "x".repeat(400_000);
  {
    await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
    for (let index = 0; index < 100; index += 1) {
      const message = { role: "user", content: text, toolCalls: null, requestId: null, usage: null } as const;
      const facts = { rewardInfo: null, transcript: { ...transcript, messages: [message] } };
      await run.appendEpisode(buildEpisode(many, index), { ...buildAttempt(), facts });
    }
  }
  const script = join(scratch, "export.ts");
  const module = new URL("../../bench/export/export-run.ts", import.meta.url).pathname;
  await writeFile(
    script,
    `import { exportRun } from ${JSON.stringify(module)};
     await exportRun(${JSON.stringify(join(scratch, "many"))}, { format: "jsonl", out: ${JSON.stringify(join(scratch, "many-out"))} });`,
  );
  // 40 MB of trajectories through a heap of 32 MB.
  await promisify(execFile)(process.execPath, ["--max-old-space-size=32", script]);
  expect((await readFile(join(scratch, "many-out", "trajectories.jsonl"))).length).toBeGreaterThan(40e6);
});
