import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { manifestSchema } from "../../bench/export/manifest.ts";
import { lastLine, unchecked, Workplace } from "../e2e/small-experiment.ts";
import { expectExit, tollgate } from "../e2e/tollgate-process.ts";
import { libraryEngine } from "../gateway/recorded-run.ts";
import { dialectEngine } from "./dialect-engine.ts";
import { templateSource, writeModelFolder, type TemplateKind } from "./template-folders.ts";

/** What a model of the family wrote, collected through a gateway at L2 that renders its template, and verified. */
async function collectedAndVerified(kind: TemplateKind, parsers: Readonly<Record<string, string>>) {
  const [agent, user] = await Promise.all([libraryEngine("agent"), libraryEngine("user")]);
  await using _agent = agent.process;
  await using _user = user.process;
  await using engine = await dialectEngine(agent.url, kind);
  using place = new Workplace();
  const folder = writeModelFolder(join(place.path, kind), templateSource(kind));
  place.write({
    stack: { kind: "attach", agent: { url: engine.url }, user: { url: user.url } },
    arms: [{ kind: "gateway", level: "L2", tokenizer: folder, ...parsers }],
    workload: { domain: "library" },
  });
  const collected = await tollgate(
    ["collect", place.file, "--out", place.runs, ...unchecked],
    place.environment,
  );
  const out = join(place.path, "sft");
  const run = lastLine(collected);
  const exported = await tollgate(["export", run, "--format", "sft", "--verify-template", folder, "-o", out]);
  expectExit(exported, 0);
  const { verification, exclusions } = manifestSchema.parse(JSON.parse(exported.stdout));
  const lines = readFileSync(join(out, "sft.jsonl"), "utf8").split("\n").slice(0, -1);
  const answers = lines.flatMap((line) =>
    (JSON.parse(line) as { messages: { weight?: number; reasoning_content?: string }[] }).messages.filter(
      ({ weight }) => weight === 1,
    ),
  );
  return {
    exclusions: exclusions.map(({ reason, count }) => [reason, count]),
    lines: lines.length,
    answers: answers.length,
    withReasoning: answers.filter(({ reasoning_content: reasoning }) => reasoning !== undefined).length,
    verified: [verification?.checked, verification?.verified, verification?.byTokens],
  };
}

/** Two of the library's twelve tasks renew a loan. */
const renewals = ["not verified: an earlier answer in the prompt is rendered in another way", 2];

test("Qwen 2.5's kind: JSON as templates print it is kept; what was written tighter is left out", async () => {
  const found = await collectedAndVerified("qwen25-like", {});
  expect(found).toMatchObject({
    exclusions: [renewals],
    lines: 10,
    verified: [12, 10, 10],
    withReasoning: 0,
  });
}, 60_000);

test("Qwen 3's kind: every answer with its reasoning, through the calls behind a question", async () => {
  const found = await collectedAndVerified("qwen3-like", { reasoningParser: "qwen3" });
  expect(found).toMatchObject({ exclusions: [renewals], lines: 10, verified: [12, 10, 10] });
  expect(found.answers).toBeGreaterThan(20);
  expect(found.withReasoning).toBe(found.answers);
}, 60_000);

test("Qwen3-Coder's kind: calls in tags, each value as it was written", async () => {
  const found = await collectedAndVerified("qwen3-coder-like", { toolCallParser: "qwen3_coder" });
  expect(found).toMatchObject({ exclusions: [], lines: 12, verified: [12, 12, 12] });
}, 60_000);
