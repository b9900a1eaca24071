import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSettings } from "../../../bench/feedback/config/load-settings.ts";
import { Interruption } from "../../../bench/feedback/loop/interruption.ts";
import { proxyAnswers } from "../../../bench/feedback/loop/answers/proxy-answers.ts";
import type { LoopParts } from "../../../bench/feedback/loop/loop-parts.ts";
import type { FeedbackMetric } from "../../../bench/feedback/metrics/metric.ts";
import type { Preference } from "../../../bench/feedback/preferences/preference.ts";
import type {
  AskedModel,
  FeedbackBatch,
  FeedbackResult,
  Trainer,
} from "../../../bench/feedback/trainer/trainer.ts";
import { writeFileSync } from "node:fs";

/** As a driver ends that is killed: nothing behind it runs. */
export class Killed extends Error {}

/** Adapters as they would lie on a disk: they outlive drivers. */
export class FakeWorld {
  readonly adapters = new Map<string, { updates: number; batches: FeedbackBatch[] }>();
  /** Calls so far, over all drivers. */
  calls = 0;
  /** The call at which the driver dies, and whether its work is done by then. */
  kill: { readonly at: number; readonly done: boolean } | null = null;
  /** Whether it tells how many updates an adapter has had. */
  counts = true;

  /** One call of the trainer. */
  async call<T>(work: () => T): Promise<T> {
    const dies = this.kill?.at === this.calls;
    this.calls += 1;
    if (dies && this.kill?.done === false) throw new Killed("before it was done");
    const result = work();
    if (dies) throw new Killed("when it was done");
    return Promise.resolve(result);
  }

  readonly trainer: Trainer = {
    baseUrl: "http://fake/v1",
    init: ({ loraId }) =>
      this.call(() => {
        this.adapters.set(loraId, { updates: 0, batches: [] });
        return loraId;
      }),
    feedback: (batch) => this.call(() => this.update(batch)),
    updates: (loraId) =>
      this.call(() => {
        if (!this.counts) return null;
        const { updates } = this.of(loraId);
        return { count: updates, last: updates === 0 ? null : resultOf(updates) };
      }),
    modelOf: (loraId) => this.modelOf(loraId),
  };

  of(loraId: string) {
    const adapter = this.adapters.get(loraId);
    if (adapter === undefined) throw new Error(`there is no ${loraId}`);
    return adapter;
  }

  update(batch: FeedbackBatch): FeedbackResult {
    const adapter = this.of(batch.loraId);
    adapter.updates += 1;
    adapter.batches.push(batch);
    return resultOf(adapter.updates);
  }

  modelOf(loraId: string): AskedModel {
    return {
      complete: (request) =>
        this.call(() => ({
          text: `${request.messages.at(-1)?.content} after ${this.of(loraId).updates}, ${request.seed}`,
          finishReason: "stop",
          tokens: null,
        })),
      score: () => this.call(() => ({ logprob: -10 + this.of(loraId).updates, tokens: 4 })),
    };
  }
}

const resultOf = (updates: number): FeedbackResult => ({
  metrics: { distill_loss: 1 / updates },
  trainedTokens: 10 * updates,
});

export const preference: Preference = {
  name: "short",
  feedback: "Be short.",
  file: "short.yaml",
  verifier: {
    kind: "contains",
    rule: "has a word",
    verify: () => Promise.resolve({ score: 1, passed: true, detail: null }),
  },
  pairs: [{ prompt: [{ role: "user", content: "?" }], preferred: "a", dispreferred: "b" }],
  probes: ["one", "two", "three"],
  hash: "0",
} as unknown as Preference;

/** Says what the model says and how likely it finds an answer; one of them only at some steps. */
export const metrics: readonly FeedbackMetric[] = [
  {
    name: "compliance",
    atStep: () => true,
    measure: async ({ generate }) => {
      const { text } = await generate("probe");
      const rollouts = [
        { metric: "compliance", messages: [{ role: "assistant", content: text }], metadata: {} },
      ];
      return { fields: { preference_compliance: 0.5 }, rollouts, missing: [] };
    },
  },
  {
    name: "logprob",
    atStep: (step: number, steps: readonly number[]) => steps.includes(step),
    measure: async ({ model, baseline }) => {
      const { logprob = null } = (await model.score([], "a")) ?? {};
      const margin = logprob ?? 0;
      const before = baseline?.logprob_margin?.margin ?? margin;
      const value = {
        positive_logprob: margin,
        negative_logprob: 0,
        margin,
        margin_delta_from_baseline: margin - before,
      };
      return { fields: { logprob_margin: value }, rollouts: [], missing: [] };
    },
  },
];

export class LoopFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "tollgate-feedback-loop-"));
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface PartsGiven {
  readonly settings?: readonly string[];
  /** Stops at this checkpoint. */
  readonly stopAt?: number;
}

export function partsOf(
  world: FakeWorld,
  folder: LoopFolder,
  { settings = [], stopAt }: PartsGiven = {},
): LoopParts {
  const file = join(folder.path, "settings.yaml");
  writeFileSync(
    file,
    "trainer: simulated\nopenclaw_url: null\nserving: null\nnum_steps: 3\nbatch_size: 2\nsteps_per_batch: 2\ncollapse_steps: [0, 2]\n",
  );
  const loaded = loadSettings(file, { overrides: settings, environment: {}, at: new Date(0) });
  let checkpoints = 0;
  return {
    settings: loaded.settings,
    runDirectory: folder.path,
    trainer: world.trainer,
    modelName: (loraId) => loraId,
    answers: proxyAnswers(world.trainer),
    metrics,
    evidence: { of: (_place, work) => work() },
    windows: null,
    sandbox: { kind: "none", facts: {}, open: () => Promise.reject(new Error("no code is run here")) },
    scratchDirectory: join(folder.path, "scratch"),
    checkpoint: () => {
      if (checkpoints === stopAt) throw new Interruption();
      checkpoints += 1;
    },
    assertAlive: () => Promise.resolve(),
    cancelled: new AbortController().signal,
    nowMs: () => performance.now(),
    wallIso: () => "2026-01-01T00:00:00.000Z",
    phase: () => undefined,
    tell: () => undefined,
  };
}
