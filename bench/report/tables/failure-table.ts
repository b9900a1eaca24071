import type { CellSummary } from "../../analysis/cell/cell-summary.ts";
import { agentError } from "../../analysis/cell/failures.ts";
import type { RunFailure } from "../model/report-model.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";
import { columnText } from "./wrapped-text.ts";

/** Everything that ended badly, by class, over all cells. */
export const failures: TableOf<RunFailure> = {
  title: "Failures",
  columns: [
    left(
      "class",
      ({ class: name }) => name,
      "the part that failed: no reward, no trajectory; `agent_error`: the agent gave up, which is judged",
    ),
    right("episodes", ({ count }) => String(count)),
    left("cells", (failure) => cellLines(failure).join("\n")),
    left(
      "first message",
      (failure) =>
        `${columnText(failure.message, Math.max(...cellLines(failure).map(({ length }) => length)))}\nepisode ${failure.episodeId}`,
      "of the episode that ended first, and which one it is, for `tollgate inspect RUN EPISODE`",
    ),
  ],
};

function cellLines({ cells }: RunFailure): readonly string[] {
  return cells.map(({ cellId, count }) => `${cellId} ${count}`);
}

export function failureTable(found: readonly RunFailure[], runId: string): Table {
  const [first] = found;
  return filled(
    failures,
    found,
    first === undefined ? [] : [`see one: tollgate inspect ${runId} ${first.episodeId}`],
  );
}

/** Failures of all cells by class, those of most episodes first, agent errors last. Pure. */
export function runFailures(cells: readonly CellSummary[]): RunFailure[] {
  const found = cells.flatMap(({ cellId, episodes }) =>
    [...(episodes.failures ?? []), ...(episodes.agentErrors ?? [])].map((group) => ({ cellId, ...group })),
  );
  return [...Map.groupBy(found, (group) => group.class).values()]
    .flatMap((members) => {
      const [first] = members;
      if (first === undefined) return [];
      const { class: name, message, episodeId } = first;
      const count = members.reduce((sum, member) => sum + member.count, 0);
      return [{ class: name, count, message, episodeId, cells: members.map(cellCount) }];
    })
    .sort((a, b) => Number(a.class === agentError) - Number(b.class === agentError) || b.count - a.count);
}

function cellCount({ cellId, count }: { readonly cellId: string; readonly count: number }) {
  return { cellId, count };
}
