import { spawnSync } from "node:child_process";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { collapse } from "../../../bench/feedback/metrics/collapse.ts";
import { logprob } from "../../../bench/feedback/metrics/logprob.ts";
import type { EvalMetrics } from "../../../bench/feedback/files/step-line.ts";
import type { CompletionToken } from "../../../bench/feedback/trainer/trainer.ts";
import { answered, metricContext } from "./fake-model.ts";

const nats = fc.double({ min: -30, max: 0, noNaN: true });
const token = fc.record({
  text: fc.constant("x"),
  logprob: nats,
  top: fc.array(nats, { minLength: 2, maxLength: 20 }),
});
const sample = fc
  .array(fc.constantFrom("the", "sea", "is", "deep", "<think>hm</think>", "salt."), {
    minLength: 1,
    maxLength: 12,
  })
  .map((words) => `${words.join(" ")} ocean`);

const collapseCase = fc.record({
  tokens: fc.array(token, { minLength: 1, maxLength: 12 }),
  samples: fc.tuple(sample, sample, sample),
  before: fc.record({ entropy: fc.double({ min: 0.01, max: 4, noNaN: true }), logprob: nats }),
});
const marginCase = fc.record({ preferred: nats, dispreferred: nats, before: nats });

const none: EvalMetrics = {
  logprob_margin: null,
  preference_compliance: null,
  general: null,
  collapse: null,
  rollouts: [],
};

test.skipIf(process.env["CLAAS_CHECKOUT"] === undefined)(
  "CLaaS' own metrics measure the same of what a server answers",
  async () => {
    const collapses = fc.sample(collapseCase, 400);
    const theirs = askClaas(
      collapses.map(({ tokens, samples, before }) => ({
        metric: "collapse",
        ...before,
        answers: [chat("the sea", tokens), ...samples.map((text) => chat(text))],
      })),
    );
    for (const [index, one] of collapses.entries()) {
      const expected = theirs[index];
      const { mean_entropy, mean_logprob, entropy_ratio_to_baseline, ...rest } = await collapseOf(one);
      // The last digit of an exponential is the library's.
      expect({ mean_entropy, mean_logprob, entropy_ratio_to_baseline }).toEqual({
        mean_entropy: expect.closeTo(Number(expected?.["mean_entropy"]), 12) as number,
        mean_logprob: expected?.["mean_logprob"],
        entropy_ratio_to_baseline: expect.closeTo(
          Number(expected?.["entropy_ratio_to_baseline"]),
          10,
        ) as number,
      });
      expect({ ...expected, ...rest }).toEqual(expected);
    }
    expect(new Set(theirs.map(({ alert }) => alert)).size).toBe(2);

    const margins = fc.sample(marginCase, 200);
    const score = (sum: number) => ({ logprob_sum: sum });
    const theirMargins = askClaas(
      margins.map(({ preferred, dispreferred, before }) => ({
        metric: "logprob",
        margin: before,
        answers: [score(preferred), score(dispreferred)],
      })),
    );
    expect(await Promise.all(margins.map(marginOf))).toEqual(theirMargins);
  },
);

type CollapseCase = typeof collapseCase extends fc.Arbitrary<infer Case> ? Case : never;
type MarginCase = typeof marginCase extends fc.Arbitrary<infer Case> ? Case : never;

async function collapseOf({ tokens, samples, before }: CollapseCase) {
  const left = [...samples];
  const complete = ({ topLogprobs }: { readonly topLogprobs?: number }) =>
    topLogprobs === undefined ? answered(left.shift() ?? "") : answered("the sea", { tokens });
  const value = {
    mean_entropy: before.entropy,
    mean_logprob: before.logprob,
    entropy_ratio_to_baseline: 1,
    self_rouge_l: 0,
    mean_logprob_drift: 0,
    alert: false,
  };
  const { fields } = await collapse.measure(
    metricContext({ complete }, { baseline: { ...none, collapse: value } }),
  );
  if (fields.collapse == null) throw new Error("all of it can be measured");
  return fields.collapse;
}

async function marginOf({ preferred, dispreferred, before }: MarginCase) {
  const score = async (_: unknown, text: string) => ({
    logprob: text === "a" ? preferred : dispreferred,
    tokens: 1,
  });
  const margin = { positive_logprob: 0, negative_logprob: 0, margin: before, margin_delta_from_baseline: 0 };
  const context = metricContext({ score }, { baseline: { ...none, logprob_margin: margin } });
  const pairs = [{ prompt: [{ role: "user" as const, content: "q" }], preferred: "a", dispreferred: "b" }];
  return (await logprob.measure({ ...context, preference: { ...context.preference, pairs } })).fields
    .logprob_margin;
}

function chat(content: string, tokens: readonly CompletionToken[] | null = null): object {
  const logprobs = tokens?.map(({ logprob: of, top }) => ({
    logprob: of,
    top_logprobs: top.map((one) => ({ logprob: one })),
  }));
  return {
    choices: [{ message: { content }, logprobs: logprobs === undefined ? null : { content: logprobs } }],
  };
}

function askClaas(cases: readonly object[]): readonly Readonly<Record<string, unknown>>[] {
  const program = join(import.meta.dirname, "claas-metrics.py");
  const { status, stdout, stderr } = spawnSync("python3", [program, process.env["CLAAS_CHECKOUT"] ?? ""], {
    input: JSON.stringify(cases),
    encoding: "utf8",
    maxBuffer: 1024 ** 3,
    env: { PATH: process.env["PATH"], PYTHONIOENCODING: "utf8", PYTHONDONTWRITEBYTECODE: "1" },
  });
  if (status !== 0) throw new Error(`CLaaS' metrics could not be asked: ${stderr}`);
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>[];
}
