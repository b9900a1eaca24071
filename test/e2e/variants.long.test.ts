import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReportModel } from "../../bench/report/model/report-model.ts";
import { noDockerd, startDockerd, type TestDockerd } from "../docker/dockerd.ts";
import { importSimulatedSglang } from "../docker/simulated-sglang-image.ts";
import { containersOf, DockerPlace, dockerStack } from "./docker-experiment.ts";
import { expectEveryEpisodeOnce, killAndResume } from "./killed-driver.ts";
import { fastEngine, lastLine, sound, unchecked, Workplace } from "./small-experiment.ts";
import {
  cellSummaries,
  episodesOf,
  expectExit,
  readRecords,
  tollgate,
  TollgateProcess,
} from "./tollgate-process.ts";

const raw = [{ kind: "raw" }];
const data = resolve("openclaw-tau2/data");
const library = ["--domain", "library", "--data", data, "--schemas", join(data, "tau2/domains/library")];
const user = { kind: "simulator", ...fastEngine };

interface ServerEvidence {
  readonly variant?: string;
  readonly url: string;
  readonly container?: { readonly id: string; readonly command: readonly string[] };
  readonly process?: { readonly pid: number; readonly command: readonly string[] };
  readonly serverInfo: Readonly<Record<string, unknown>>;
}

/** What the run kept of its agent engines, by name of the file. */
function agentServers(run: string): ReadonlyMap<string, ServerEvidence> {
  const folder = join(run, "evidence", "servers");
  const names = readdirSync(folder).filter((name) => name.startsWith("agent"));
  return new Map(
    names.toSorted().map((name) => {
      return [name, JSON.parse(readFileSync(join(folder, name), "utf8")) as ServerEvidence] as const;
    }),
  );
}

const reportOf = (run: string) =>
  JSON.parse(readFileSync(join(run, "report", "report.json"), "utf8")) as ReportModel;

/** Cells in the order in which they began. */
const begun = (run: string) =>
  readRecords(run).flatMap((record) => (record.type === "segment-started" ? [record.cellId] : []));

test("kill -9 in any variant and --resume: every episode once, and each variant on its own engine", async () => {
  using place = new Workplace({
    stack: { kind: "embedded", agent: { ...fastEngine, decodeStepMs: 4 }, user: fastEngine },
    arms: [{ kind: "raw" }, { kind: "gateway" }],
    workload: { domain: "library", tasks: { count: 6 } },
    sweep: { concurrency: [2], repetitions: 2, variants: { a: {}, b: { decodeStepMs: 5, seed: 2 } } },
  });
  const { run, sweep } = await killAndResume(place, { kills: 4, seed: 20_261_129, startMs: 3_000 });
  expectEveryEpisodeOnce(run);
  expect([0, 1]).toContain(sweep.code);
  const again = await place.sweep("--resume", run, "--redo", "interrupted");
  expectExit(again, 0);
  const summaries = Object.values(cellSummaries(run));
  expect(summaries.map(({ verdict }) => verdict)).toEqual(summaries.map(() => sound));
  for (const { refused } of reportOf(run).variants?.comparisons ?? []) expect(refused).toBeNull();
}, 600_000);

test("a variant whose engine does not start is given up and said, and the others are measured", async () => {
  using place = new Workplace({
    stack: {
      kind: "process",
      agent: {
        command: [
          process.execPath,
          resolve("bench/main.ts"),
          "simulate",
          "--role=agent",
          "--port={port}",
          ...library,
        ],
        simulated: true,
        startSeconds: 60,
        stopSeconds: 3,
      },
      user,
    },
    arms: raw,
    sweep: {
      concurrency: [2],
      variants: {
        plain: {},
        broken: {
          command: [process.execPath, "-e", "console.error('no memory left'); process.exit(9)", "{port}"],
        },
        cold: { environment: { NOTE: "cold" } },
      },
    },
  });
  const sweep = await place.sweep();
  expectExit(sweep, 3);
  const run = lastLine(sweep);
  expect(begun(run)).toEqual(["c2-r0-plain--raw", "c2-r0-cold--raw"]);
  expect(sweep.stderr).toContain("variant broken is given up");
  expect(sweep.stderr).toContain("no memory left");
  const servers = agentServers(run);
  expect([...servers.keys()]).toEqual(["agent--cold.json", "agent--plain.json"]);
  const pids = [...servers.values()].map(({ process: program }) => program?.pid);
  expect(new Set(pids).size).toBe(2);
  const { comparisons = [] } = reportOf(run).variants ?? {};
  expect(comparisons.map(({ variant, refused }) => [variant, refused])).toEqual([
    ["broken", "cell c2-r0-broken--raw has no segment that ran to its end"],
    ["cold", null],
  ]);
  expect(readRecords(run).at(-1)).toMatchObject({ type: "run-ended", reason: "failed", exitCode: 3 });
}, 240_000);

test("attached engines: an address for each variant", async () => {
  const start = async (...more: readonly string[]) => {
    const server = new TollgateProcess(["simulate", "--port", "0", ...library, ...more]);
    await server.until(() => server.stdout.includes("\n"), { what: "a ready line" });
    return { server, url: (JSON.parse(server.stdout) as { readonly url: string }).url };
  };
  const speed = ["--decode-step-ms-per-request", "0", "--prefill-tokens-per-second", "1000000"];
  const slow = await start("--role", "agent", "--decode-step-ms", "6", ...speed);
  await using _slow = slow.server;
  const fast = await start("--role", "agent", "--decode-step-ms", "0.2", ...speed);
  await using _fast = fast.server;
  const users = await start("--role", "user", "--decode-step-ms", "0.2", ...speed);
  await using _users = users.server;
  using place = new Workplace({
    stack: { kind: "attach", agent: { url: slow.url }, user: { url: users.url } },
    arms: raw,
    sweep: { concurrency: [2], variants: { slow: {}, fast: { url: fast.url } } },
  });
  const planned = await tollgate(["plan", place.file], place.environment);
  expect(planned.stdout).toContain(`agent engine, variant fast ${fast.url}/v1`);
  const sweep = await place.sweep();
  expectExit(sweep, 0);
  const servers = agentServers(lastLine(sweep));
  expect([...servers].map(([name, { variant, url }]) => [name, variant, url])).toEqual([
    ["agent--fast.json", "fast", fast.url],
    ["agent--slow.json", "slow", slow.url],
  ]);
}, 240_000);

describe.skipIf(noDockerd !== null)(
  `a real Docker daemon${noDockerd === null ? "" : `: ${noDockerd}`}`,
  () => {
    let dockerd: TestDockerd;
    beforeAll(async () => {
      dockerd = await startDockerd();
      await importSimulatedSglang(dockerd.cli);
    }, 120_000);
    afterAll(() => dockerd?.[Symbol.asyncDispose]());

    const variants = {
      tp4: {},
      tp2: { tp: 2, gpus: [0, 1], radixCache: false, extraArgs: ["--schedule-conservativeness", "0.8"] },
    };
    const place = () =>
      new DockerPlace(dockerd, {
        stack: dockerStack(),
        arms: raw,
        sweep: { concurrency: [2], repetitions: 2, variants },
      });

    test("the engine is started anew for each variant, with its flags, and they are in the evidence", async () => {
      using here = place();
      const sweep = await here.sweep(...unchecked);
      expectExit(sweep, 0);
      const run = lastLine(sweep);
      // tp2 follows itself, so its container stays for two cells.
      expect(begun(run)).toEqual(
        ["tp4", "tp2", "tp2", "tp4"].map((name, at) => `c2-r${at >> 1}-${name}--raw`),
      );
      const servers = agentServers(run);
      const named = [...servers.values()].map(({ variant, serverInfo, container }) => {
        const { tp_size, disable_radix_cache } = serverInfo;
        return {
          variant,
          tp_size,
          disable_radix_cache,
          id: container?.id,
          flags: container?.command.join(" "),
        };
      });
      expect(new Set(named.map(({ id }) => id)).size).toBe(3);
      const [tp2, ...tp4] = named;
      expect(tp2).toMatchObject({ variant: "tp2", tp_size: 2, disable_radix_cache: true });
      expect(tp2?.flags).toContain("--disable-radix-cache --schedule-conservativeness 0.8");
      expect(tp4).toMatchObject([
        { variant: "tp4", tp_size: 4, disable_radix_cache: false },
        { variant: "tp4", tp_size: 4, disable_radix_cache: false },
      ]);
      const devicesOf = (id = "none") =>
        dockerd.gpuRequests().find(({ containerId }) => containerId.startsWith(id))?.devices;
      expect(named.map(({ id }) => devicesOf(id))).toEqual(["0,1", "0,1,2,3", "0,1,2,3"]);
      const report = reportOf(run);
      expect(report.run.variantGpus).toEqual({ tp4: 4, tp2: 2 });
      expect(report.variants?.comparisons).toMatchObject([{ variant: "tp2", refused: null }]);
      expect(episodesOf(run)).toHaveLength(8);
      expect(await containersOf(dockerd)).toEqual([]);
    }, 300_000);

    test("the user's engine that was kept warm is adopted in every variant, and stays", async () => {
      using here = place();
      const command = (name: string) => tollgate([name, here.file], here.environment);
      const up = await command("up");
      expectExit(up, 0);
      expect(up.stderr).toContain("the agent's engine is another one in each variant (tp4, tp2)");
      expect(await containersOf(dockerd)).toEqual(["tollgate-warm-small-user"]);
      const sweep = await here.sweep(...unchecked);
      expectExit(sweep, 0);
      expect(sweep.stderr.match(/user engine: adopted the warm container/g)).toHaveLength(3);
      expect(await containersOf(dockerd)).toEqual(["tollgate-warm-small-user"]);
      expectExit(await command("down"), 0);
      expect(await containersOf(dockerd)).toEqual([]);
    }, 300_000);
  },
);
