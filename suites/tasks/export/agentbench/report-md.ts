import { numberText } from "../../../../bench/report/tables/number-text.ts";
import { sumKnown } from "./numbers.ts";
import type { AgentBenchResults } from "./results.ts";
import type { ShownTask } from "./shown-task.ts";
import { adviceOf, costLines, lengthText, scoreText, worstTasks } from "./sentences.ts";

/** `report.md`: the parts that AgentBench's own report has. Pure. */
export function reportMarkdown(results: AgentBenchResults, tasks: readonly ShownTask[]): string {
  const { tollgate } = results;
  return `${[
    `# AgentBench report ${results.run_id}`,
    ...(tollgate.simulated
      ? ["**A simulated engine answered: neither scores nor times are a model's.**"]
      : []),
    `Run ${tollgate.run}, cell ${tollgate.cell}, trial ${tollgate.trial + 1}. Agent ${tollgate.agent}, model ${cell(tollgate.model)}.`,
    "## Overall score",
    `**${scoreText(results.overall_score)} of 100**, the mean of the domains. Suite ${cell(results.suite_version)}, profile ${results.profile}, ${results.task_count} tasks, ${results.scoring_method}, scored by ${tollgate.scoring_profile}.`,
    "## Metrics",
    metricsTable(results),
    "## Domain breakdown",
    domainTable(results),
    "## Task details",
    taskTable(tasks),
    "## Top failures",
    ...worstTasks(tasks).map(
      (task) =>
        `- **${cell(task.id)}** (${task.score === null ? task.status : scoreText(task.score)}): ${task.lost.slice(0, 3).map(cell).join("; ") || "see its scores.json"}`,
    ),
    ...(worstTasks(tasks).length === 0 ? ["None: every task has 80 or more."] : []),
    "## Recommendations",
    ...adviceOf(results, tasks).map((sentence) => `- ${sentence}`),
    tollgate.signature_note,
  ].join("\n\n")}\n`.replaceAll(/^(- .*)\n\n(?=- )/gm, "$1\n");
}

function metricsTable(results: AgentBenchResults): string {
  const { metrics } = results;
  return table(
    ["", ""],
    [
      ["Duration", lengthText(results.duration_ms)],
      ["Tool calls", String(metrics.total_tool_calls)],
      ["Tool errors", String(metrics.total_errors)],
      ["Mean planning ratio", numberText(metrics.avg_planning_ratio)],
      ["Tokens", numberText(metrics.est_tokens)],
      ...costLines(results),
    ],
  );
}

function domainTable({ domain_scores: scores, tasks }: AgentBenchResults): string {
  const count = (domain: string) => tasks.filter(({ suite }) => suite === domain).length;
  return table(
    ["Domain", "Score", "Tasks"],
    Object.entries(scores).map(([domain, score]) => [domain, scoreText(score), String(count(domain))]),
  );
}

const taskHeads = "Task Domain Difficulty Score L0 L1 L2 L3 Seconds Calls Errors Tokens".split(" ");

function taskTable(tasks: readonly ShownTask[]): string {
  return table(
    taskHeads,
    tasks.map((task) => [
      task.id,
      task.suite,
      task.difficulty ?? "-",
      task.score === null ? task.status : scoreText(task.score),
      ...Object.values(task.layer_scores).map(scoreText),
      numberText(task.duration_ms / 1000),
      numberText(task.tool_calls),
      numberText(task.errors),
      numberText(sumKnown([task.prompt_tokens, task.completion_tokens])),
    ]),
  );
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Text of others, which may be a table's border or markup. */
function cell(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[\\|*_`<>[\]]/g, (mark) => `\\${mark}`);
}
