import type { AgentBenchProfile } from "../../contract/task.ts";
import type { Observation } from "../../contract/observation.ts";
import type { ScoringProfile, TaskScore } from "../../contract/scoring-profile.ts";
import { behaviorLayer } from "./behavior-layer.ts";
import { metricsLayer, qualityLayer, structureLayer, type LayerScore } from "./layers.ts";

/** Where the pages of AgentBench stop being red. It has no word for "passed". */
export const PASSED_FROM = 60;
const defaultWeights = [0.2, 0.35, 0.2, 0.25] as const;
const names = ["layer0", "layer1", "layer2", "layer3"] as const;

/** AgentBench's four layers: structure, metrics, behavior, quality. */
export const agentbench: ScoringProfile = {
  format: "agentbench",
  version: "2",
  score: (observation) => {
    const { profile } = observation.task;
    if (profile.format !== "agentbench")
      throw new TypeError(`${observation.task.id} is no task of AgentBench`);
    return observation.crash === null ? scored(observation, profile) : crashed(observation.crash);
  },
};

/** A task that crashed is worth nothing in any layer. */
function crashed(crash: string): TaskScore {
  return {
    value: 0,
    passed: false,
    parts: Object.fromEntries(names.map((name) => [name, 0])),
    missing: {},
    breakdown: { composite: 0, crash },
    by: Object.fromEntries(names.map((name) => [name, "rules" as const])),
  };
}

function scored(observation: Observation, profile: AgentBenchProfile): TaskScore {
  const layers: readonly LayerScore[] = [
    structureLayer(observation),
    metricsLayer(observation, profile.metrics),
    behaviorLayer(observation),
    qualityLayer(observation),
  ];
  const weights = profile.weights ?? defaultWeights;
  const weighted = layers.flatMap(({ score }, index) =>
    score === null ? [] : [{ score, weight: weights[index] ?? 0, name: names[index] ?? "" }],
  );
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  // Weights of 0 on all layers that are there say nothing about the work.
  const composite =
    total > 0 ? weighted.reduce((sum, { score, weight }) => sum + score * weight, 0) / total : null;
  const byName = <Value>(value: (layer: LayerScore, index: number) => Value) =>
    Object.fromEntries(layers.map((layer, index) => [names[index] ?? "", value(layer, index)]));
  return {
    value: composite === null ? null : composite / 100,
    passed: composite === null ? null : composite >= PASSED_FROM,
    parts: byName(({ score }) => (score === null ? null : score / 100)),
    missing: missingOf(layers),
    breakdown: {
      ...byName(({ points }) => points),
      weights: Object.fromEntries(weighted.map(({ name, weight }) => [name, total > 0 ? weight / total : 0])),
      composite,
    },
    by: scorersOf(observation, layers),
  };
}

function missingOf(layers: readonly LayerScore[]): Readonly<Record<string, string>> {
  const reasons = layers.flatMap(({ score, missing }, index) => {
    const layer = names[index] ?? "";
    const parts = Object.entries(missing).map(([name, why]) => [
      name === "" ? layer : `${layer}.${name}`,
      why,
    ]);
    return score === null && parts.length === 0
      ? [[layer, "the task has nothing that could be checked"]]
      : parts;
  });
  return Object.fromEntries(reasons) as Readonly<Record<string, string>>;
}

/** A layer of which a judge said a part is a judge's. */
function scorersOf({ findings, judgements }: Observation, layers: readonly LayerScore[]): TaskScore["by"] {
  const isJudged = [
    findings.some(({ at }) => at in judgements),
    false,
    "layer2" in judgements,
    "layer3" in judgements,
  ];
  return Object.fromEntries(
    layers.flatMap(({ score }, index) =>
      score === null ? [] : [[names[index] ?? "", isJudged[index] === true ? "judge" : "rules"] as const],
    ),
  );
}
