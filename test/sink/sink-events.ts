import type { SinkEvent } from "../../bench/sink/sink.ts";
import { buildEpisode, buildIdentity, plannedCell } from "../store/run-builder.ts";

/** The events of a small run, in their order. */
export function sinkEvents(episodes: number): readonly SinkEvent[] {
  const cell = plannedCell("raw", episodes);
  return [
    { type: "run-started", run: buildIdentity({ cells: [cell] }), resumed: false },
    ...cell.episodeIds.map((_, index) => buildEpisode(cell, index)),
    {
      v: 1,
      type: "cell",
      cellId: cell.cellId,
      at: "2026-11-21T12:01:00.000Z",
      summary: { verdict: "valid" },
    },
    { type: "run-ended", reason: "complete", exitCode: 0, error: null },
  ];
}
