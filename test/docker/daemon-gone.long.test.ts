import { describe, expect, test } from "vitest";
import { findRunProcesses } from "../../bench/supervisor/run-processes.ts";
import { cellRuns, DockerPlace, dockerStack, nameOf, slowEngine } from "../e2e/docker-experiment.ts";
import { unchecked } from "../e2e/small-experiment.ts";
import { expectExit } from "../e2e/tollgate-process.ts";
import { noDockerd, startDockerd } from "./dockerd.ts";
import { importSimulatedSglang } from "./simulated-sglang-image.ts";

describe.skipIf(noDockerd !== null)(
  `a daemon that dies in a run${noDockerd ? ` (${noDockerd})` : ""}`,
  () => {
    test("ends the run with a sentence, and no server of it lives on although nobody can stop its containers", async () => {
      await using dockerd = await startDockerd();
      await importSimulatedSglang(dockerd.cli);
      using place = new DockerPlace(dockerd, {
        // Slow enough that the cell is not over before the daemon counts as lost.
        stack: dockerStack({ speed: { ...slowEngine, decodeStepMs: 200 } }),
        arms: [{ kind: "raw" }],
        workload: { domain: "library" },
      });
      await using driver = place.start(...unchecked);
      const run = await driver.runDirectory();
      await driver.until(() => cellRuns(run), { what: "a running cell", timeoutMs: 120_000 });
      process.kill(dockerd.pid, "SIGKILL");
      const ended = await driver.finished();
      expectExit(ended, 1);
      expect(ended.stderr).toContain("ended with an unknown code: the Docker daemon went away");
      expect(ended.stderr).toMatch(/containers of this run may still be there: .* run `tollgate clean`/);
      // They ran on without their daemon; the supervisor found them by their environment.
      expect(ended.stderr).toContain("ended 2 processes that were still running");
      expect(findRunProcesses({ runId: nameOf(run) })).toEqual([]);
    });
  },
);
