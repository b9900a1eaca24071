import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportTasks } from "../../../../suites/tasks/export/export-tasks.ts";
import { integritySignature } from "../../../../suites/tasks/export/agentbench/signature.ts";
import { twoTrials, writeTasksRun, writeClawbenchRun } from "./tasks-run.ts";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-export-tasks-"));
});
afterAll(() => rm(scratch, { recursive: true }));

let folders = 0;
const newFolder = () => {
  const path = join(scratch, `f${(folders += 1)}`);
  mkdirSync(path);
  return path;
};
const all = { strict: false, arms: [] };
const parsed = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;

describe("agentbench", () => {
  test("a folder for each trial of each cell, with what the original keeps, whole and signed", async () => {
    const out = newFolder();
    const manifest = await exportTasks(await writeTasksRun(newFolder()), {
      ...all,
      format: "agentbench",
      out,
    });
    expect(
      manifest.results.map(({ arm, trial, overallScore, scoredTasks }) => [
        arm,
        trial,
        overallScore,
        scoredTasks,
      ]),
    ).toEqual([
      ["raw", 0, 50, 3],
      ["raw", 1, 80, 2],
      ["gateway", 0, 50, 3],
      ["gateway", 1, 80, 2],
    ]);
    const names = manifest.results.map(({ file }) => file);
    expect(new Set(names).size).toBe(4);
    const folder = join(out, names[1] ?? "", "..");
    expect(readdirSync(folder).toSorted()).toEqual([
      "rename_files",
      "report.html",
      "report.md",
      "results.json",
      "tidy-notes",
      "two-tables",
    ]);
    expect(readdirSync(join(folder, "tidy-notes")).toSorted()).toEqual([
      "execution-trace.md",
      "metrics.json",
      "scores.json",
    ]);
    expect(readdirSync(join(folder, "rename_files"))).toContain("failure.json");
    const { signature, ...content } = parsed(join(folder, "results.json"));
    expect(content).toMatchObject({ profile: "fast", task_count: 3, domain_scores: { "file-creation": 80 } });
    const by = { run_id: String(content["run_id"]), suite_version: "1.0.0" };
    expect(signature).toBe(integritySignature(JSON.stringify(content, null, 2), by));
    expect(manifest.files.map(({ name }) => name).toSorted()).toEqual(
      readdirSync(out, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !["manifest.json", "README.md"].includes(entry.name))
        .map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1))
        .toSorted(),
    );
  });

  test.skipIf(!existsSync("/usr/bin/openssl") || !existsSync("/usr/bin/jq"))(
    "what the card says confirms the signature",
    async () => {
      const out = newFolder();
      const manifest = await exportTasks(await writeTasksRun(newFolder()), {
        ...all,
        format: "agentbench",
        out,
      });
      const file = manifest.results[0]?.file ?? "";
      const { signature, run_id: runId } = parsed(join(out, file));
      const script = readFileSync(join(out, "README.md"), "utf8")
        .split("\n")
        .filter((line) => line.startsWith("    "))
        .join("\n")
        .replace("RUN_ID", String(runId))
        .replace("SUITE_VERSION", "1.0.0");
      const printed = execFileSync("bash", ["-c", script], { cwd: join(out, file, ".."), encoding: "utf8" });
      expect(printed.trim().split(" ").at(-1)).toBe(signature);
    },
  );

  test("files of kept workspaces are copied, and nothing that leads out of them", async () => {
    const secret = join(newFolder(), "secret");
    writeFileSync(secret, "outside");
    const files = ["list.md", "deep/table.csv", "out", "folder", "gone.txt", "../../escape.txt", "big.bin"];
    const run = await writeTasksRun(newFolder(), {
      tasks: [{ suite: "a", id: "one", values: [1] }],
      arms: ["raw"],
      line: (line) => ({
        ...line,
        place: { sandbox: "bwrap", workspace: "workspaces/one" },
        observation: {
          ...line.observation,
          turns: line.observation.turns.map((turn) => ({ ...turn, changedFiles: files })),
        },
      }),
    });
    const workspace = join(run, "evidence/c1-r0-raw/s0/workspaces/one");
    mkdirSync(join(workspace, "deep"), { recursive: true });
    mkdirSync(join(workspace, "folder"));
    writeFileSync(join(workspace, "list.md"), "- a\n");
    writeFileSync(join(workspace, "deep/table.csv"), "a,b\n");
    writeFileSync(join(workspace, "big.bin"), Buffer.alloc(6_000_000));
    symlinkSync(secret, join(workspace, "out"));
    const out = newFolder();
    const manifest = await exportTasks(run, { ...all, format: "agentbench", out });
    const outputs = join(out, manifest.results[0]?.file ?? "", "../one/outputs");
    expect(readdirSync(outputs, { recursive: true }).map(String).toSorted()).toEqual([
      "deep",
      "deep/table.csv",
      "list.md",
    ]);
    expect(manifest.leftOut.map((why) => why.split(": ").at(1))).toEqual([
      "out",
      "folder",
      "gone.txt",
      "../../escape.txt",
      "big.bin",
    ]);
  });

  test("--strict refuses scores of the model under test before anything is written, and names the others verified", async () => {
    const judged = (model: string) =>
      writeTasksRun(newFolder(), {
        tasks: twoTrials.slice(0, 1),
        line: (line) => ({
          ...line,
          observation: {
            ...line.observation,
            judgements: { layer3: { score: 90, parts: {}, reason: "good", model, counts: true } },
          },
        }),
      });
    const refused = newFolder();
    const strict = { ...all, strict: true, format: "agentbench" as const };
    await expect(exportTasks(await judged("org/model-7b"), { ...strict, out: refused })).rejects.toThrow(
      /externally verified.*judge is the model under test/,
    );
    expect(readdirSync(refused)).toEqual([]);
    const out = newFolder();
    const { results } = await exportTasks(await judged("org/judge-70b"), { ...strict, out });
    expect(parsed(join(out, results[0]?.file ?? ""))).toMatchObject({
      scoring_method: "externally-verified",
    });
  });

  test("a run of other work, or of the other format, is refused with what to do", async () => {
    const empty = await writeTasksRun(newFolder(), { tasks: [{ suite: "a", id: "one", values: [null] }] });
    const out = newFolder();
    await expect(exportTasks(empty, { ...all, format: "agentbench", out })).rejects.toThrow(
      /no scored attempts/,
    );
    const run = await writeTasksRun(newFolder());
    await expect(exportTasks(run, { ...all, format: "clawbench", out })).rejects.toThrow(
      /Use --format agentbench/,
    );
    expect(readdirSync(out)).toEqual([]);
  });
});

const clawbenchDirectory = process.env["CLAWBENCH_DIR"];

describe("clawbench", () => {
  const clawbenchRun = () => writeClawbenchRun(newFolder());

  test("the known statistics of its runs, what is not known left out, and a task without a score in no mean", async () => {
    const out = newFolder();
    const manifest = await exportTasks(await clawbenchRun(), { ...all, format: "clawbench", out });
    expect(manifest.results).toMatchObject([{ trial: null, tasks: 3, scoredTasks: 2 }]);
    const benchmark = parsed(join(out, manifest.results[0]?.file ?? ""));
    const [fix, write] = benchmark["task_results"] as Record<string, unknown>[];
    expect(fix).toMatchObject({
      task_id: "fix",
      tier: "tier2",
      runs: 3,
      scores: [0.95, 0.4, 0.88],
      mean_run_score: 0.7433333333333333,
      pass_at_1: true,
      pass_hat_k: false,
      worst_of_n: 0.4,
      high_variance: true,
    });
    expect(fix?.["stddev"]).toBeCloseTo(0.29938826518975875, 12);
    expect(fix?.["mean_task_score"]).toBeCloseTo(0.689, 12);
    expect(write?.["mean_task_score"]).toBeCloseTo(0.91, 12);
    expect(benchmark["overall_score"]).toBeCloseTo((0.689 + 0.91) / 2, 12);
    expect(benchmark["environment"]).toMatchObject({
      tollgate: { unscored_runs: 3, unscored_tasks: ["lost"], undecided_runs: 1 },
    });
    expect(readFileSync(join(out, "README.md"), "utf8")).toContain("`undecided_runs`");
    expect(Object.keys(benchmark).filter((key) => /judge|cost/.test(key))).toEqual([]);
  });

  test.skipIf(clawbenchDirectory === undefined)("the original reads it (CLAWBENCH_DIR, Python)", async () => {
    const out = newFolder();
    const manifest = await exportTasks(await clawbenchRun(), { ...all, format: "clawbench", out });
    const program =
      "import json,sys; from clawbench.schemas import BenchmarkResult; r = BenchmarkResult(**json.load(open(sys.argv[1]))); print(len(r.task_results), round(r.overall_score, 4))";
    const printed = execFileSync("python3", ["-c", program, join(out, manifest.results[0]?.file ?? "")], {
      encoding: "utf8",
      env: { ...process.env, PYTHONPATH: clawbenchDirectory },
    });
    expect(printed.trim()).toBe("2 0.7995");
  });
});
