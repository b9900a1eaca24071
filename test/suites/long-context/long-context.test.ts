import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadTokenizer } from "../../../bench/simulator/model/tokenizer.ts";
import { samplesFile, sampleLineSchema, type SampleLine } from "../../../bench/workload/sample-line.ts";
import { fastEngine, sound, Workplace } from "../../e2e/small-experiment.ts";
import { cellSummaries, episodesOf, expectExit } from "../../e2e/tollgate-process.ts";
import { simulatorTokens } from "./simulator-counter.ts";

const kept = 16_384;
const experiment = {
  stack: { kind: "embedded", agent: { ...fastEngine, truncatePrompt: kept } },
  agent: { kind: "chat" },
  workload: {
    kind: "long-context",
    kinds: ["needle"],
    lengths: ["8K", "32K"],
    depths: [0, 0.2, 0.4, 0.6, 0.8, 1],
  },
  sampling: { maxTokens: 64 },
  sweep: { concurrency: [1] },
};

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
test("an engine that keeps 16K of a prompt loses exactly the needles before, and every count is the engine's", async () => {
  using place = new Workplace(experiment);
  const finished = await place.sweep();
  expectExit(finished, 0);
  const run = finished.stdout.trim().split("\n").at(-1) ?? "";
  const [samples, prompts, episodes] = [samplesOf(run), promptsOf(run), episodesOf(run)];
  expect(samples).toHaveLength(24);
  const tokenizer = loadTokenizer();
  for (const { attemptKey, passed, taskId, details } of samples) {
    const prompt = prompts.get(attemptKey) ?? "";
    const length = Number(details["length"]);
    const needle = prompt.indexOf("The access code of the ");
    // What the chat template adds behind the user's text is counted with it.
    const behind = tokenizer.encode(`${prompt.slice(needle)}<|im_end|>\n<|im_start|>assistant\n`).length;
    expect({ taskId, tokens: simulatorTokens(prompt), passed }).toEqual({
      taskId,
      tokens: length,
      passed: behind <= kept,
    });
    expect(details["promptTokens"]).toMatchObject({
      counted: length,
      countedBy: "tokenize-messages",
      seen: Math.min(length, kept),
      check: length > kept ? "truncated" : "equal",
    });
  }
  const correct = (length: number, arm: string) =>
    episodes.filter((one) => one.arm === arm && one.axes?.["length"] === length && one.reward === 1).length;
  for (const arm of ["raw", "gateway"]) expect([correct(8192, arm), correct(32_768, arm)]).toEqual([6, 3]);
  for (const { axes, labels } of episodes)
    expect(labels.includes("prompt-truncated")).toBe(axes?.["length"] === 32_768);
  for (const { verdict } of Object.values(cellSummaries(run))) expect(verdict).toEqual(sound);
}, 60_000);

test("a server whose context is shorter than a prompt and its answer ends the run before the first cell", async () => {
  using place = new Workplace({
    ...experiment,
    workload: { ...experiment.workload, lengths: ["128K"] },
    sampling: { maxTokens: 512 },
  });
  const plan = await place.sweep();
  expectExit(plan, 2);
  expect(plan.stderr).toContain("The longest prompt that leaves room is 130560");
});
