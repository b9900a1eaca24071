import { closestWord } from "../../config/closest-word.ts";
import { ConfigError } from "../../errors.ts";
import { collapse } from "./collapse.ts";
import { compliance } from "./compliance.ts";
import { general } from "./general.ts";
import { logprob } from "./logprob.ts";
import { metricNames, type FeedbackMetric } from "./metric.ts";

/** In the order of the fields that they fill. */
export const feedbackMetrics: readonly FeedbackMetric[] = [logprob, compliance, general, collapse];

const presets: Readonly<Record<string, readonly string[] | undefined>> = {
  all: metricNames,
  quick: ["logprob"],
};

/**
 * The metrics of these names, each once, in their order; `all` and `quick` stand for several.
 * @throws {ConfigError} for a name that is none
 */
export function chooseMetrics(names: readonly string[]): readonly FeedbackMetric[] {
  const wanted = names.flatMap((name) => (Object.hasOwn(presets, name) ? (presets[name] ?? []) : [name]));
  return [...new Set(wanted)].map((name) => {
    const found = feedbackMetrics.find((metric) => metric.name === name);
    if (found !== undefined) return found;
    const known = [...metricNames, ...Object.keys(presets)];
    const near = closestWord(name, known);
    throw new ConfigError(
      `metrics: no metric has the name ${JSON.stringify(name)}; known: ${known.join(", ")}.${near === null ? "" : ` Did you mean ${near}?`}`,
    );
  });
}
