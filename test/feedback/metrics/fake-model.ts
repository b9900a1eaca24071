import type { MetricContext } from "../../../bench/feedback/metrics/metric.ts";
import type {
  AskedModel,
  CompletionRequest,
  TrainedAnswer,
} from "../../../bench/feedback/trainer/trainer.ts";
import { loadPreferences } from "../../../bench/feedback/preferences/load-preferences.ts";
import type { SandboxFactory } from "../../../bench/sandbox/sandbox.ts";
import { StartError } from "../../../bench/errors.ts";

export const answered = (text: string, rest: Partial<TrainedAnswer> = {}): TrainedAnswer => ({
  text,
  finishReason: "stop",
  tokens: null,
  ...rest,
});

/** Tokens of which each had `count` even chances. */
export const evenTokens = (count: number, length = 5): NonNullable<TrainedAnswer["tokens"]> => {
  const logprob = Math.log(1 / count);
  return Array.from({ length }, () => ({
    text: "x",
    logprob,
    top: Array.from({ length: count }, () => logprob),
  }));
};

export interface Fake {
  readonly generate?: MetricContext["generate"];
  readonly complete?: (request: CompletionRequest) => TrainedAnswer | Promise<TrainedAnswer>;
  readonly score?: AskedModel["score"];
}

const unexpected = () => Promise.reject(new Error("nobody should ask this"));

/** For what never runs a program. */
const noSandbox: SandboxFactory = {
  kind: "none",
  facts: {},
  open: () => Promise.reject(new StartError("sandbox", "there is none")),
};

export function metricContext(fake: Fake, rest: Partial<MetricContext> = {}): MetricContext {
  const { generate = unexpected, complete = unexpected, score = unexpected } = fake;
  const [preference] = loadPreferences({ names: ["no_emoji"], files: [], environment: {} });
  if (preference === undefined) throw new Error("it is shipped");
  return {
    step: 0,
    preference,
    baseline: null,
    model: { complete: async (request) => complete(request), score },
    generate,
    systemPrompt: null,
    sandbox: noSandbox,
    scratchDirectory: "/nowhere",
    signal: new AbortController().signal,
    ...rest,
  };
}
