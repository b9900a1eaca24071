import { countsText, datasetCard, type CardSubset } from "./dataset-card.ts";
import type { Manifest } from "./manifest.ts";

/** What a format's rows are, which file a loader of tables reads, and what its readers must know. */
const formats: Readonly<
  Record<
    string,
    { readonly what: string; readonly file: string | null; readonly cautions: readonly string[] }
  >
> = {
  jsonl: {
    what: "Conversations of an agent with a simulated user: system prompt, tools, messages, tool calls, reward, and where a gateway recorded them, token ids and logprobs of every call. An episode a line; `trajectories.schema.json` describes it.",
    file: "trajectories.jsonl",
    cautions: [
      "Tool schemas have free forms: a loader that gives all rows the same columns fills them with `null`. Read the lines as JSON, one at a time.",
    ],
  },
  areal: {
    what: "Token sequences of an agent's model calls as AReaL's tensors, with loss mask, logprobs, weight versions and rewards.",
    file: null,
    cautions: ["Read by AReaL's `deserialize_value`."],
  },
  atif: {
    what: "Conversations of an agent with a simulated user, a file per episode (ATIF v1.8).",
    file: null,
    cautions: [],
  },
  sft: {
    what: "Passed conversations of an agent as chat lines: `messages` and `tools` as chat templates take them.",
    file: "sft.jsonl",
    cautions: [
      "`weight` 0 marks what no model of this line's target wrote: context, not an example.",
      "Arguments of calls are objects: a loader that gives all rows the same columns puts the arguments of all calls into each, with `null`. Read the lines as JSON, one at a time.",
    ],
  },
  parquet: {
    what: "Conversations of an agent with a simulated user, a row per token sequence: ids, loss mask, logprobs, return; texts in an episode's first row.",
    file: "trajectories.parquet",
    cautions: ["An episode may have several rows; `sequence` counts them from 0."],
  },
};

/** The dataset card of an export of trajectories. Pure. */
export function trajectoryCard(manifest: Manifest): string {
  const { format, run, counts, tokens, exclusions, files, split } = manifest;
  const { what, file, cautions } = formats[format] ?? { what: "", file: null, cautions: [] };
  const rows = format === "parquet" ? Math.max(counts.trajectories, tokens.sequences) : counts.trajectories;
  const subsets: readonly CardSubset[] = [{ name: "trajectories", file, rows }];
  return datasetCard({
    format,
    run,
    what,
    subsets,
    counts: {
      trajectories: String(counts.trajectories),
      "passed, of those that were judged": `${counts.passed} of ${counts.judged}`,
      "by arm": countsText(counts.byArm),
      "by domain": countsText(counts.byDomain),
      "by recording level": countsText(tokens.byLevel),
      "tokens that a model generated": String(tokens.generated),
      ...(split.name === null ? {} : { split: split.name }),
    },
    exclusions,
    files,
    cautions: [
      ...cautions,
      ...(counts.judged < counts.trajectories
        ? ["Episodes that nothing could judge have no reward (`null`), which is not 0."]
        : []),
    ],
  });
}
