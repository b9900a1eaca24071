import { markdownTable } from "../../report/formats/markdown.ts";
import { left, right } from "../../report/tables/table.ts";
import { percentText } from "../../report/tables/number-text.ts";
import type { SampleLine } from "../../workload/sample-line.ts";
import type { CellSamples } from "./answered-samples.ts";

/** What became of the samples, and a few that did not pass, as the model wrote them. Pure. */
export function errorSections(samples: readonly CellSamples[]): readonly string[] {
  if (samples.length === 0)
    return [
      "## Error analysis",
      "This workload keeps no samples: its episodes are in `tollgate inspect RUN` and `tollgate view RUN`.",
    ];
  return [
    markdownTable({
      title: "Error analysis",
      columns: [left("cell"), left("verdict"), right("samples"), right("share")],
      rows: samples.flatMap(({ cellId, verdicts }) => {
        const all = verdicts.reduce((sum, { count }) => sum + count, 0);
        return verdicts.map(({ verdict, count }) => [
          cellId,
          verdict,
          String(count),
          percentText(count / all),
        ]);
      }),
      notes: samples.map(({ cellId, rules, cutByLength }) => {
        const found = rules.map(({ rule, count }) => `${count} ${rule ?? "nothing found"}`).join(", ");
        const cut = cutByLength === 0 ? "no answer was" : `${cutByLength} answers were`;
        return `${cellId}: answers were found by: ${found}; ${cut} cut by the limit of tokens`;
      }),
    }),
    ...samples.flatMap(exampleSections),
  ];
}

function exampleSections({ cellId, examples }: CellSamples): readonly string[] {
  return examples.length === 0
    ? []
    : [`### Failures in ${cellId}, an example or two of each kind`, ...examples.map(exampleText)];
}

function exampleText(sample: SampleLine): string {
  const { taskId, trial, verdict, text, answer, answerRule, finishReason } = sample;
  const said = sample.details["message"];
  return [
    `**${code(taskId)}, sample ${trial}: ${code(verdict)}** (ended: ${code(finishReason ?? "unknown")}; answer found by ${code(answerRule ?? "no rule")})`,
    ...(typeof said === "string" && said !== "" ? ["Why:", block(said)] : []),
    "The model said:",
    block(text),
    ...(answer === null || answer.trim() === text.trim() ? [] : ["Of it was judged:", block(answer)]),
  ].join("\n\n");
}

const charactersMax = 1500;

/** Whatever a model wrote, in a fence that it cannot close. */
export function block(text: string): string {
  const printable = text.replaceAll(unprintable, "\uFFFD");
  const shown =
    printable.length > charactersMax
      ? `${printable.slice(0, charactersMax)}\n[${printable.length - charactersMax} more characters]`
      : printable;
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${shown === "" ? "(nothing)" : shown}\n${fence}`;
}

/** Control characters but line ends and tabs, and those that turn the direction of text. */
const unprintable =
  // oxlint-disable-next-line no-control-regex -- control characters are what it is about
  /[\u0000-\u0008\u000B\u000C\u000D\u000E-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g;

function code(text: string): string {
  return `\`${text.replaceAll(/\s+/g, " ").replaceAll("`", "'")}\``;
}
