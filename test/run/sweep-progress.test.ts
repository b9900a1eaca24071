import { expect, test } from "vitest";
import { SweepProgress } from "../../bench/run/sweep-progress.ts";
import { buildEpisode, plannedCell } from "../store/run-builder.ts";

const cell = plannedCell("raw", 12);
const watched = { cellId: cell.cellId, arm: "raw", load: "closed:1" };

/** What a person sees, on a clock that is set by hand. */
class Watched {
  seconds = 0;
  written = "";
  readonly progress: SweepProgress;

  constructor(finishedBefore = 0) {
    this.progress = new SweepProgress({
      clock: { nowNs: () => this.seconds * 1e9, wallIso: () => "" },
      screen: { interactive: false, columns: 80, write: (text) => void (this.written += text) },
      cells: 1,
      episodes: 12,
      finishedBefore,
    });
  }

  line(): string {
    this.written = "";
    this.progress.cellEnded();
    return this.written.trimEnd();
  }
}

test("what the start took is not what the rest will take", () => {
  const seen = new Watched();
  seen.progress.phase("starting openclaw-0 (1 of 2)");
  seen.seconds = 60;
  seen.progress.cellStarted(watched, 12);
  seen.progress.episodeStarted();
  seen.seconds = 62;
  seen.progress.episodeEnded(buildEpisode(cell, 0));
  expect(seen.line()).toMatch(/cell 1\/1 .* 1\/12 \| episodes 1\/12 \| .*\| 1:02, about 0:22 left$/);
});

test("after a resume the whole run is counted", () => {
  const seen = new Watched(36);
  seen.progress.cellStarted(watched, 12);
  expect(seen.written).toContain("episodes 36/48");
});

test("each kind of failure is told once, when it is first seen; all are counted", () => {
  const seen = new Watched();
  seen.progress.cellStarted(watched, 12);
  const failed = (message: string) =>
    ({ status: "failed", reward: null, failure: { class: "engine", message } }) as const;
  for (const [at, message] of ["status 500 after 12 ms", "status 500 after 31 ms", "refused"].entries()) {
    seen.progress.episodeStarted();
    seen.progress.episodeEnded(buildEpisode(cell, at, failed(message)));
  }
  expect(seen.written.match(/^episode .* failed: .*$/gm)).toEqual([
    expect.stringMatching(/failed: engine: status 500 after 12 ms$/),
    expect.stringMatching(/failed: engine: refused$/),
  ]);
  expect(seen.line()).toContain("failed: engine 3");
});
