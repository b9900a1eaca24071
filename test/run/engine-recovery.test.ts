import { describe, expect, test } from "vitest";
import { sections } from "../../bench/commands/parts.ts";
import { experimentSchema } from "../../bench/config/experiment.ts";
import { awaitNewsOfDeath, EngineRecovery, OpenEpisodes } from "../../bench/run/engine-recovery.ts";
import type { StackDeath } from "../../bench/stack/stack.ts";
import type { EpisodeRecord } from "../../bench/store/record.ts";
import { heapGrowthBytes } from "../measure/heap-growth.ts";
import { buildEpisode, plannedCell } from "../store/run-builder.ts";

const death = (part: StackDeath["part"]): StackDeath => ({ part, arm: null, message: "exit code 137" });
const engine = death("engine");

/** The policy of a stack of containers; `null`: a stack whose engines are not Tollgate's. */
function recoveryWith(onEngineDeath: unknown): EngineRecovery {
  const docker = { kind: "docker", model: "m", onEngineDeath, agent: { gpus: [0] }, user: { gpus: [1] } };
  return new EngineRecovery(
    experimentSchema(sections).parse({
      name: "x",
      stack: onEngineDeath === null ? { kind: "embedded" } : docker,
      workload: { domain: "library" },
    }),
  );
}

/** A run that can revive its engines, or fails to; notes what was revived. */
function runWhere(
  options: { readonly revives?: boolean; readonly stopped?: boolean; readonly ours?: boolean } = {},
) {
  const { revives = true, stopped = false, ours = true } = options;
  const revived: StackDeath[] = [];
  const told: string[] = [];
  const revive = async (what: StackDeath) => {
    revived.push(what);
    if (!revives) throw new Error("out of memory");
  };
  return {
    revived,
    told,
    stack: { revive: ours ? revive : null },
    stop: { admits: () => !stopped },
    tell: (text: string) => told.push(text),
  };
}

describe("what a death means for the run", () => {
  test("restart: the cell is finished, as often as the policy allows over the whole run", async () => {
    const recovery = recoveryWith({ restart: 2 });
    const run = runWhere();
    const decisions = [await recovery.after(engine, run), await recovery.after(death("user-engine"), run)];
    expect(decisions).toEqual(["finish-cell", "finish-cell"]);
    expect(await recovery.after(engine, run)).toBe("none");
    expect(run.revived).toHaveLength(2);
  });

  test("skip: the engine is started again, and the next cell begins", async () => {
    const run = runWhere();
    expect(await recoveryWith("skip").after(engine, run)).toBe("next-cell");
    expect(run.revived).toEqual([engine]);
  });

  test("stop: the run ends, and nothing is started again", async () => {
    const run = runWhere();
    expect(await recoveryWith("stop").after(engine, run)).toBe("stop");
    expect(run.revived).toEqual([]);
  });

  test.each(["gateway", "tap"] as const)("a dead %s is not started again", async (part) => {
    const run = runWhere();
    expect(await recoveryWith({ restart: 2 }).after(death(part), run)).toBe("none");
    expect(run.revived).toEqual([]);
  });

  test("engines that are not Tollgate's are left alone, whatever the policy", async () => {
    expect(await recoveryWith("stop").after(engine, runWhere({ ours: false }))).toBe("none");
    expect(await recoveryWith(null).after(engine, runWhere({ ours: false }))).toBe("none");
  });

  test("after a request to stop nothing is started again", async () => {
    const run = runWhere({ stopped: true });
    expect(await recoveryWith({ restart: 2 }).after(engine, run)).toBe("none");
    expect(run.revived).toEqual([]);
  });

  test("an engine that does not come up is said, and counts as a restart", async () => {
    const recovery = recoveryWith({ restart: 1 });
    const run = runWhere({ revives: false });
    expect(await recovery.after(engine, run)).toBe("none");
    expect(run.told.at(-1)).toBe("the engine did not come up again: out of memory");
    expect(await recovery.after(engine, runWhere())).toBe("none");
  });
});

const cell = plannedCell("raw", 4);
const planned = cell.episodeIds.map((episodeId, index) => ({
  episodeId,
  task: { taskId: String(index), trial: 0, seed: 1, facts: { domain: "library" } },
}));
const failed = (index: number, by: string): EpisodeRecord =>
  buildEpisode(cell, index, { status: "failed", reward: null, failure: { class: by, message: "500" } });

describe("episodes without a result that counts", () => {
  const open = new OpenEpisodes(planned);
  for (const record of [buildEpisode(cell, 0), failed(1, "engine"), failed(2, "agent-process")])
    open.ended(record);

  test("without a death: those that have no record; a failure is a result", () => {
    expect(open.count).toBe(1);
    expect(open.left(false).map(({ episodeId }) => episodeId)).toEqual([cell.episodeIds[3]]);
  });

  test("after a death: also those that failed at what died, and not those that failed by themselves", () => {
    expect(open.left(true).map(({ episodeId }) => episodeId)).toEqual([
      cell.episodeIds[1],
      cell.episodeIds[3],
    ]);
  });
});

test("what is kept of an episode that has ended is less than there was of it before", async () => {
  const many = Array.from({ length: 22_000 }, (_, index) => ({
    ...planned[0],
    episodeId: `episode-${index}`,
  }));
  const open = new OpenEpisodes(many as unknown as typeof planned);
  let next = 0;
  const growth = await heapGrowthBytes((times) => {
    for (let at = 0; at < times; at += 1) {
      const record = { ...buildEpisode(cell, 0), episodeId: many[next]?.episodeId ?? "" };
      open.ended(record);
      next += 1;
    }
  }, 20_000);
  expect([open.count, open.left(false)]).toEqual([0, []]);
  // Their records took 20 MB.
  expect(growth).toBeLessThan(100_000);
});

describe("the news of a death", () => {
  test.each(["engine", "user-engine", "gateway"])("is waited for after a failure of the %s", async (by) => {
    let looks = 0;
    await awaitNewsOfDeath(() => (++looks < 3 ? null : engine), failed(0, by));
    expect(looks).toBe(3);
  });

  test.each<[string, EpisodeRecord | null]>([
    ["a good episode", buildEpisode(cell, 0)],
    ["a failure of the agent", failed(0, "agent-process")],
    ["a cancelled attempt", null],
  ])("is not waited for after %s", async (_, record) => {
    let looks = 0;
    await awaitNewsOfDeath(() => {
      looks += 1;
      return null;
    }, record);
    expect(looks).toBe(0);
  });
});
