import type { Rollout } from "../files/step-line.ts";
import { rougeL } from "../text/rouge.ts";
import { visibleText } from "../text/visible-text.ts";
import { askedWithinBudget, conversation } from "./asking.ts";
import { collapseMessages, collapsePrompt } from "./collapse-probe.ts";
import type { MetricContext, Missing } from "./metric.ts";

export interface MeasuredDiversity {
  /** Mean of all pairs of samples; null: fewer than two have a text. */
  readonly selfRougeL: number | null;
  readonly rollouts: readonly Rollout[];
  readonly missing: readonly Missing[];
}

const samplesWanted = 3;
const temperature = 0.7;

/** How alike several answers to one prompt are. */
export async function measureDiversity(context: MetricContext): Promise<MeasuredDiversity> {
  const on = "collapse, self-ROUGE-L";
  const texts: string[] = [];
  const rollouts: Rollout[] = [];
  const missing: Missing[] = [];
  for (let index = 0; index < samplesWanted; index++) {
    const found = await askedWithinBudget(context, (maxTokens) =>
      context.model.complete({ messages: collapseMessages(context), temperature, maxTokens }),
    );
    if ("why" in found) {
      missing.push({ on: `${on}, sample ${index + 1}`, why: found.why });
      continue;
    }
    const { text } = found.answer;
    const metadata = { task: "diversity_probe", sample_index: index, temperature };
    rollouts.push({ metric: "collapse", messages: conversation(context, collapsePrompt, text), metadata });
    const visible = visibleText(text).text;
    // Two answers of nothing are the same one; by their words they are not alike at all.
    if (visible === "") missing.push({ on: `${on}, sample ${index + 1}`, why: "it holds no text" });
    else texts.push(visible);
  }
  if (texts.length < 2) return { selfRougeL: null, rollouts, missing };
  const scores = pairsOf(texts).map(([one, other]) => rougeL(one, other));
  const known = scores.flatMap((score) => score ?? []);
  if (known.length < scores.length)
    missing.push({ on, why: "its samples have too many words to be compared" });
  const metadata = { task: "diversity_scores", pairwise_scores: scores };
  rollouts.push({ metric: "collapse", messages: [{ role: "user", content: collapsePrompt }], metadata });
  const sum = known.reduce((total, score) => total + score, 0);
  return { selfRougeL: known.length < scores.length ? null : sum / known.length, rollouts, missing };
}

function pairsOf<Item>(items: readonly Item[]): readonly (readonly [Item, Item])[] {
  return items.flatMap((one, at) => items.slice(at + 1).map((other) => [one, other] as const));
}
