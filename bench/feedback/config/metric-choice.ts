import { closestWord } from "../../config/closest-word.ts";
import { metricNames, type MetricName } from "../metrics/metric.ts";

/** Names that stand for several metrics. */
export const metricPresets = { all: metricNames, quick: ["logprob"] } as const satisfies Readonly<
  Record<string, readonly MetricName[]>
>;

/** The metrics that are asked for, each once, in the order in which they were written; or the words that name none. */
export function chosenMetrics(words: readonly string[]): {
  readonly metrics: readonly MetricName[];
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const chosen = words.flatMap((word): readonly MetricName[] => {
    if (isPreset(word)) return metricPresets[word];
    const known = metricNames.find((name) => name === word);
    if (known !== undefined) return [known];
    const near = closestWord(word, [...metricNames, ...Object.keys(metricPresets)]);
    problems.push(
      `metrics: there is no metric ${word}.${near === null ? ` Known: ${metricNames.join(", ")}; all and quick stand for several.` : ` Did you mean ${near}?`}`,
    );
    return [];
  });
  return { metrics: [...new Set(chosen)], problems };
}

function isPreset(word: string): word is keyof typeof metricPresets {
  return Object.hasOwn(metricPresets, word);
}
