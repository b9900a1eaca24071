import type { EpisodeRecord } from "../../store/record.ts";
import type { RunJson } from "../../store/run-json.ts";
import type { SeenCell } from "../evidence/cell-evidence.ts";
import { passedOf } from "../evidence/run-facts.ts";
import { mean, percentile, quotient, total, totalKnown, variance } from "../numbers/samples.ts";
import { studentPoint } from "../numbers/student.ts";
import { lengthOf, taskOf } from "./cell.ts";
import { coverageFigures } from "./coverage.ts";
import type { Expected } from "./figure.ts";
import { once } from "./spread.ts";

type Names = NonNullable<RunJson["scores"]>;

/** The scores of a run whose workload names them: all tasks of a cell, each group, each task. */
export function scoreFigures(
  names: Names,
  cells: readonly SeenCell[],
  coverage: RunJson["coverage"],
): Expected {
  return {
    averaged: names.averaged,
    outOf: names.outOf,
    names: names.names.map(({ name, heading, meaning }) => ({ name, heading, meaning })),
    cells: cells.map((cell) => {
      const { cellId, arm, load, variant } = cell.facts.planned;
      const { episodes } = cell.facts;
      const row = (group: string | null, task: string | null) => {
        const members = episodes.filter(
          ({ domain, taskId }) => (group === null || domain === group) && (task === null || taskId === task),
        );
        return { group, task, ...scoredFigures(names, members, cell) };
      };
      const groups = [...new Set(episodes.map(({ domain }) => domain))].sort(byName);
      const tasksOf = (group: string) =>
        [...new Set(episodes.flatMap(({ domain, taskId }) => (domain === group ? [taskId] : [])))].sort(
          byName,
        );
      const rows = groups.flatMap((group) => [
        row(group, null),
        ...tasksOf(group).map((task) => row(group, task)),
      ]);
      const place = { cellId, arm, load, ...(variant !== undefined && { variant }) };
      const covered = coverageFigures(coverage, episodes);
      return { ...place, failing: cell.failing, ...covered, rows: [row(null, null), ...rows] };
    }),
  };
}

function byName(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** What these episodes are worth and what they cost; of a workload without named scores whether they passed. */
export function scoredFigures(names: Names | null, episodes: readonly EpisodeRecord[], cell: SeenCell) {
  const verdicts = episodes.flatMap((episode) => passedOf(episode) ?? []);
  const passed = verdicts.filter(Boolean).length;
  const tokens = totalKnown(
    episodes.flatMap(({ promptTokens, completionTokens }) => [promptTokens, completionTokens]),
  );
  const seconds = total(episodes.map(lengthOf));
  const own = new Set(episodes.map(({ episodeId }) => episodeId));
  const ttft = cell.outer.flatMap(({ answered, episodeId, ttftMs }) =>
    answered && episodeId !== null && own.has(episodeId) ? (ttftMs ?? []) : [],
  );
  return {
    tasks: new Set(episodes.map(taskOf)).size,
    episodes: episodes.length,
    scores: Object.fromEntries(
      (names?.names ?? []).map(({ name }) => [
        name,
        scoreOf(name, { averaged: names?.averaged ?? "tasks", episodes, cell }),
      ]),
    ),
    judged: verdicts.length,
    passed,
    ttftMsP50: percentile(ttft, 0.5),
    tokensPerEpisode: quotient(tokens, episodes.length),
    secondsPerEpisode: quotient(seconds, episodes.length),
    tokensPerPassed: quotient(tokens, passed),
    secondsPerPassed: quotient(seconds, passed),
  };
}

/**
 * Mean over tasks, or over groups of tasks. Its interval is over the trials of these tasks: the variance of each task's mean, weighted, with
 * Satterthwaite's degrees of freedom.
 */
function scoreOf(
  name: string,
  of: {
    readonly averaged: Names["averaged"];
    readonly episodes: readonly EpisodeRecord[];
    readonly cell: SeenCell;
  },
): Expected {
  const values = of.episodes.flatMap((episode) => {
    const value = episode.scores?.find((score) => score.name === name)?.value ?? null;
    return value === null ? [] : [{ value, group: episode.domain, task: taskOf(episode) }];
  });
  if (values.length === 0 || of.cell.failing) return once(null, values.length);
  const tasks = [...Map.groupBy(values, ({ task }) => task).values()].map((members) => ({
    group: members[0]?.group,
    values: members.map(({ value }) => value),
  }));
  const groups = new Set(tasks.map(({ group }) => group)).size;
  const weightOf = (group: string | undefined) =>
    of.averaged === "tasks"
      ? 1 / tasks.length
      : 1 / groups / tasks.filter((task) => task.group === group).length;
  const value = total(tasks.map((task) => weightOf(task.group) * (mean(task.values) ?? 0)));
  if (tasks.some((task) => task.values.length < 2)) return once(value, values.length);
  const errors = tasks.map((task) => ({
    square: (weightOf(task.group) ** 2 * variance(task.values)) / task.values.length,
    degrees: task.values.length - 1,
  }));
  const square = total(errors.map((error) => error.square));
  const degrees = square ** 2 / total(errors.map((error) => error.square ** 2 / error.degrees));
  const half = square === 0 ? 0 : studentPoint(degrees) * Math.sqrt(square);
  return { value, count: values.length, low: Math.max(0, value - half), high: Math.min(1, value + half) };
}
