import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EpisodeRecord } from "../../bench/store/record.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import type { RunJson } from "../../bench/store/run-json.ts";
import { RunLibrary } from "../../bench/view/server/run-library.ts";
import { serveView, type ViewServer } from "../../bench/view/server/view-server.ts";
import { writeSegment } from "../evidence/evidence-builder.ts";
import { buildIdentity, plannedCell, runStarted } from "../store/run-builder.ts";

/** What would be carried out if one place forgot to escape it. */
export const hostile = `<img src=x onerror=alert(1)>"'&lt;\u202e\u001b[31m</title><script>alert(2)</script>`;

/** A folder of runs and the view of it. */
export class ViewedRuns implements AsyncDisposable {
  readonly folder: string;
  readonly server: ViewServer;
  /** Bugs that the server told of. */
  readonly told: readonly string[];

  private constructor(folder: string, server: ViewServer, told: readonly string[]) {
    this.folder = folder;
    this.server = server;
    this.told = told;
  }

  static async begin(): Promise<ViewedRuns> {
    const folder = await mkdtemp(join(tmpdir(), "tollgate-view-"));
    const told: string[] = [];
    const server = await serveView({
      library: new RunLibrary(folder, { only: false }),
      port: 0,
      tell: (text) => void told.push(text),
    });
    return new ViewedRuns(folder, server, told);
  }

  get url(): string {
    return this.server.url;
  }

  /** Two arms of so many episodes; what is written otherwise of an episode is given by its arm and number. */
  async write(
    plan: {
      readonly identity?: Partial<RunJson>;
      readonly episodes?: number;
      readonly record?: (arm: string, episode: number) => Partial<EpisodeRecord>;
    } = {},
  ): Promise<string> {
    const { episodes = 4, record } = plan;
    const cells = [plannedCell("raw", episodes), plannedCell("gateway", episodes)];
    const identity = buildIdentity({ cells, ...plan.identity });
    await using run = await RunDirectory.create(this.folder, { identity, pid: process.pid });
    await run.append(runStarted(identity));
    for (const cell of cells)
      await writeSegment(run, {
        cell,
        episodes: Array.from({ length: episodes }, (_, index) => index),
        ...(record && { record: (episode) => record(cell.arm, episode) }),
      });
    await run.append({
      v: 1,
      type: "run-ended",
      at: "2026-11-21T12:01:00.000Z",
      reason: "complete",
      exitCode: 0,
      error: null,
    });
    return run.path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true });
  }
}
