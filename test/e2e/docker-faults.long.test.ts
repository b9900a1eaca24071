import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noDockerd, startDockerd, type TestDockerd } from "../docker/dockerd.ts";
import { importSimulatedSglang } from "../docker/simulated-sglang-image.ts";
import {
  cellRuns,
  containersOf,
  DockerPlace,
  dockerStack,
  killContainer,
  nameOf,
  serverOf,
  slowEngine,
} from "./docker-experiment.ts";
import { lastLine, unchecked } from "./small-experiment.ts";
import { episodesOf, expectExit, readRecords, tollgate, TollgateProcess } from "./tollgate-process.ts";

describe.skipIf(noDockerd !== null)(
  `a real Docker daemon${noDockerd === null ? "" : `: ${noDockerd}`}`,
  () => {
    let dockerd: TestDockerd;
    beforeAll(async () => {
      dockerd = await startDockerd();
      await importSimulatedSglang(dockerd.cli);
    }, 120_000);
    afterAll(() => dockerd?.[Symbol.asyncDispose]());

    /** Two cells of one arm; the engine of a role dies in the first one. */
    async function dieInFirstCell(onEngineDeath: unknown, role: "agent" | "user") {
      using place = new DockerPlace(dockerd, {
        stack: dockerStack({ speed: slowEngine, stack: { onEngineDeath } }),
        arms: [{ kind: "raw" }],
        workload: { domain: "library", tasks: { count: 4 } },
        sweep: { concurrency: [2, 4] },
      });
      await using driver = place.start(...unchecked);
      const run = await driver.runDirectory();
      await driver.until(() => cellRuns(run), { what: "a running cell", timeoutMs: 120_000 });
      await killContainer(dockerd, `tollgate-${nameOf(run)}-${role}`);
      const ended = await driver.finished();
      const segments = readRecords(run).flatMap((record) =>
        record.type === "segment-ended" ? [[record.cellId, record.segmentId, record.reason]] : [],
      );
      const passed = new Set(
        episodesOf(run).flatMap(({ episodeId, reward }) => (reward === 1 ? [episodeId] : [])),
      );
      expect(await containersOf(dockerd)).toEqual([]);
      return { ended, segments, passed: passed.size, last: readRecords(run).at(-1), place: place.file, run };
    }

    test("warm servers are adopted when they match, refused with the difference when not, and kept", async () => {
      using place = new DockerPlace(dockerd, { stack: dockerStack(), arms: [{ kind: "raw" }] });
      const command = (name: string) => tollgate([name, place.file], place.environment);
      const up = await command("up");
      expectExit(up, 0);
      const warm = ["tollgate-warm-small-agent", "tollgate-warm-small-user"];
      expect(await containersOf(dockerd)).toEqual(warm);
      const again = await command("up");
      expect(again.stdout.match(/ran already/g)).toHaveLength(2);
      const adopted = await place.sweep();
      expectExit(adopted, 0);
      expect(serverOf(lastLine(adopted), "agent")).toMatchObject({ adopted: true });
      expect(await containersOf(dockerd)).toEqual(warm);

      place.write({ stack: dockerStack({ agent: { radixCache: false } }), arms: [{ kind: "raw" }] });
      const refused = await place.sweep();
      expectExit(refused, 3);
      expect(refused.stderr).toContain("--disable-radix-cache: there not set, wanted set");
      expect(refused.stderr).toContain(
        "container tollgate-warm-small-agent, which `tollgate up` keeps for small",
      );
      const down = await command("down");
      expect(down.stdout.match(/removed /g)).toHaveLength(2);
      expect(await containersOf(dockerd)).toEqual([]);
    }, 240_000);

    test("skip: the cell is left, the next one runs on a new server, and the run says what is missing", async () => {
      const { ended, segments, passed, last } = await dieInFirstCell("skip", "agent");
      expect(segments).toEqual([
        ["c2-r0-raw", "s0", "engine-died"],
        ["c4-r0-raw", "s0", "complete"],
      ]);
      expect(passed).toBeLessThan(8);
      expect(last).toMatchObject({ reason: "failed" });
      expectExit(ended, 1);
      expect(ended.stderr).toContain("The engine ended during cell c2-r0-raw");
      expect(ended.stderr).toContain("ended with code 137, killed");
    });

    test("stop: no further cell begins", async () => {
      const { ended, segments, last } = await dieInFirstCell("stop", "agent");
      expect(segments).toEqual([["c2-r0-raw", "s0", "engine-died"]]);
      expect(last).toMatchObject({ reason: "failed" });
      expectExit(ended, 1);
      expect(ended.stderr).toContain("tollgate resume");
    });

    test("restart: the user's server as well, and every episode has its result", async () => {
      const { segments, passed, last } = await dieInFirstCell({ restart: 1 }, "user");
      expect(segments).toEqual([
        ["c2-r0-raw", "s0", "engine-died"],
        ["c2-r0-raw", "s1", "complete"],
        ["c4-r0-raw", "s0", "complete"],
      ]);
      expect(passed).toBe(8);
      expect(last).toMatchObject({ reason: "complete" });
    });

    test("Ctrl-C while `up` waits for the weights removes what it started; `down` has nothing to do", async () => {
      const extraEnv = { TOLLGATE_SIM_LOAD_MS: "60000" };
      using place = new DockerPlace(dockerd, { stack: dockerStack({ extraEnv }) });
      await using loading = new TollgateProcess(["up", place.file], place.environment);
      await loading.until(() => loading.stderr.includes("agent started on GPU"), { what: "a container" });
      loading.child.kill("SIGINT");
      expectExit(await loading.finished(), 130);
      expect(await containersOf(dockerd)).toEqual([]);
      const down = await tollgate(["down", place.file], place.environment);
      expectExit(down, 0);
      expect(down.stdout).toBe("nothing is kept for small\n");
    });

    test("a warm server that dies ends the run with what to do; it is not this run's to start again", async () => {
      using place = new DockerPlace(dockerd, {
        stack: dockerStack({ speed: slowEngine }),
        arms: [{ kind: "raw" }],
        workload: { domain: "library" },
      });
      expectExit(await tollgate(["up", place.file], place.environment), 0);
      await using driver = place.start(...unchecked);
      const run = await driver.runDirectory();
      await driver.until(() => cellRuns(run), { what: "a running cell", timeoutMs: 120_000 });
      await killContainer(dockerd, "tollgate-warm-small-agent");
      expectExit(await driver.finished(), 1);
      expect(driver.stderr).toContain("was warm and is not this run's to start again");
      const down = await tollgate(["down", place.file], place.environment);
      expect(down.stdout.match(/removed /g)).toHaveLength(2);
      expect(await containersOf(dockerd)).toEqual([]);
    });

    test.each([
      ["an unknown flag", { agent: { extraArgs: ["--no-such-flag"] } }, "the server does not know a flag"],
      [
        "memory that does not suffice",
        { extraEnv: { TOLLGATE_SIM_CRASH: "torch.OutOfMemoryError: CUDA out of memory." } },
        "GPU memory is too small",
      ],
      [
        "a server that is too slow",
        { agent: { startSeconds: 15 }, extraEnv: { TOLLGATE_SIM_LOAD_MS: "60000" } },
        "did not answer http://127.0.0.1",
      ],
    ])("%s ends the start with one line, the log's end, and nothing left", async (_, changes, said) => {
      using place = new DockerPlace(dockerd, { stack: dockerStack(changes) });
      const failed = await place.sweep();
      expectExit(failed, 3);
      expect(failed.stderr).toContain(said);
      expect(failed.stderr).toMatch(/Its log (ends with:\n|is empty)/);
      expect(await containersOf(dockerd)).toEqual([]);
      const up = await tollgate(["up", place.file], place.environment);
      expectExit(up, 3);
      expect(await containersOf(dockerd)).toEqual([]);
    });
  },
);
