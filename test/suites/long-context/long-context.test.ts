import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { loadTokenizer } from "../../../bench/simulator/model/tokenizer.ts";
import { samplesFile, sampleLineSchema, type SampleLine } from "../../../bench/workload/sample-line.ts";
import { reportModelSchema } from "../../../bench/report/model/report-model.ts";
import { kinds } from "../../../suites/long-context/material/material.ts";
import { materials } from "../../../suites/long-context/material/materials.ts";
import { sound } from "../../e2e/small-experiment.ts";
import {
  cellSummaries,
  episodesOf,
  expectExit,
  TemporaryFolder,
  tollgate,
  TollgateProcess,
} from "../../e2e/tollgate-process.ts";
import { simulatorTokens } from "./simulator-counter.ts";

const kept = 16_384;
const shipped = "experiments/long-context-laptop.yaml";

/** The prompt of each attempt as the transcript has it. */
function promptsOf(run: string): ReadonlyMap<string, string> {
  const lines = readFileSync(join(run, "trajectories.jsonl"), "utf8").trim().split("\n");
  return new Map(
    lines.map((line) => {
      const { attemptKey, messages } = JSON.parse(line) as {
        attemptKey: string;
        messages: { content: string }[];
      };
      return [attemptKey, messages[0]?.content ?? ""] as const;
    }),
  );
}

function samplesOf(run: string): readonly SampleLine[] {
  return Object.keys(cellSummaries(run)).flatMap((cellId) =>
    readFileSync(join(run, "evidence", cellId, "s0", samplesFile), "utf8")
      .trim()
      .split("\n")
      .map((line) => sampleLineSchema.parse(JSON.parse(line))),
  );
}

/** Done-when 3 of issue 19. */
test("an engine that keeps 16K of a prompt loses exactly what stands before, and every count is the engine's", async () => {
  using folder = new TemporaryFolder();
  const faster = [
    "--set",
    "stack.agent.prefillTokensPerSecond=1000000",
    "--set",
    "workload.kinds=[needle, code]",
  ];
  const finished = await tollgate(["sweep", shipped, "--out", folder.path, ...faster]);
  expectExit(finished, 0);
  const run = finished.stdout.trim().split("\n").at(-1) ?? "";
  const [samples, prompts] = [samplesOf(run), promptsOf(run)];
  expect(samples).toHaveLength(32);
  const tokenizer = loadTokenizer();
  for (const { attemptKey, passed, taskId, details } of samples) {
    const prompt = prompts.get(attemptKey) ?? "";
    const { kind, length, question, promptTokens } = detailsSchema.parse(details);
    const first = Math.min(...materials[kind].question(question).needs.map((need) => prompt.indexOf(need)));
    // What the chat template adds behind the user's text is counted with it.
    const behind = tokenizer.encode(`${prompt.slice(first)}<|im_end|>\n<|im_start|>assistant\n`).length;
    const seen = { taskId, tokens: simulatorTokens(prompt), passed, promptTokens };
    expect(seen).toEqual({
      taskId,
      tokens: length,
      passed: behind <= kept,
      promptTokens: expect.objectContaining({
        counted: length,
        countedBy: "tokenize-messages",
        seen: Math.min(length, kept),
        check: length > kept ? "truncated" : "equal",
      }) as unknown,
    });
  }
  for (const { axes, labels, reward } of episodesOf(run)) {
    const isLong = axes?.["length"] === 32_768;
    expect(labels.includes("prompt-truncated")).toBe(isLong);
    expect(reward).toBe(isLong && Number(axes?.["depth"]) < 0.5 ? 0 : 1);
  }
  for (const { verdict } of Object.values(cellSummaries(run))) expect(verdict).toEqual(sound);
  const { lengths } = reportModelSchema.parse(
    JSON.parse(readFileSync(join(run, "report", "report.json"), "utf8")),
  );
  expect(
    lengths?.rows.map(({ arm, length, passed, promptTokens }) => [arm, length, passed.value, promptTokens]),
  ).toEqual(
    ["raw", "gateway"].flatMap((arm) => [
      [arm, 8192, 1, { equal: 8, fewer: 0, more: 0, notTold: 0 }],
      [arm, 32_768, 0.5, { equal: 0, fewer: 8, more: 0, notTold: 0 }],
    ]),
  );
  expect(
    lengths?.differences.map(({ arm, length, refused, pathMs }) => [
      arm,
      length,
      refused,
      pathMs.firstToken.difference.count,
    ]),
  ).toEqual([
    ["gateway", 8192, null, 8],
    ["gateway", 32_768, null, 8],
  ]);
}, 90_000);

const detailsSchema = z.object({
  kind: z.enum(kinds),
  length: z.number(),
  question: z.number(),
  promptTokens: z.object({ counted: z.number(), countedBy: z.string(), seen: z.number(), check: z.string() }),
});

test("a context that is shorter than a prompt with its answer is refused before anything is started", async () => {
  using folder = new TemporaryFolder();
  const long = ["workload.lengths=[128K]", "sampling.maxTokens=512"].flatMap((one) => ["--set", one]);
  const refused = await tollgate(["sweep", shipped, "--out", folder.path, ...long]);
  expectExit(refused, 2);
  expect(refused.stderr).toContain("The longest prompt that leaves room is 130560");
});

test("a server that says so itself ends the run before the first cell, with what to write", async () => {
  await using server = new TollgateProcess([
    "simulate",
    "--role",
    "agent",
    "--port",
    "0",
    "--context-length",
    "10000",
  ]);
  await server.until(() => server.stdout.includes("\n"), { what: "a ready line" });
  const { url } = JSON.parse(server.stdout) as { url: string };
  using folder = new TemporaryFolder();
  const stack = `stack={kind: attach, agent: {url: "${url}"}, user: {url: "${url}"}}`;
  const refused = await tollgate([
    "sweep",
    shipped,
    "--out",
    folder.path,
    "--set",
    stack,
    "--set",
    "arms=[{kind: raw}]",
  ]);
  expectExit(refused, 3);
  expect(refused.stderr).toContain(
    "32768 tokens and an answer of up to 128 (sampling.maxTokens) do not fit into the model's context of 10000 tokens",
  );
});
