import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lastLine, unchecked, Workplace } from "../e2e/small-experiment.ts";
import { episodesOf, expectExit, tollgate } from "../e2e/tollgate-process.ts";
import { damages } from "./damages.ts";

/**
 * What a run directory can go through on disks, in copies and by hand. Every command says what is missing or that it cannot go on; none ends
 * with a bug of ours, none says that all is there.
 */
const minutes = 60_000;
const place = new Workplace({
  arms: [{ kind: "raw" }, { kind: "gateway", level: "L1" }],
  workload: { domain: "library", tasks: { count: 4 }, trials: 1 },
});
let run = "";

beforeAll(async () => {
  const swept = await place.sweep(...unchecked);
  run = lastLine(swept);
  expect(episodesOf(run)).toHaveLength(8);
}, 5 * minutes);
afterAll(() => place[Symbol.dispose]());

test.each(damages.map((damage, at) => ({ ...damage, at })))(
  "$name",
  async ({ apply, says, at }) => {
    const copy = join(place.path, `copy-${at}`);
    cpSync(run, copy, { recursive: true, verbatimSymlinks: true });
    apply(copy);
    const out = join(place.path, `out-${at}`);
    const commands: readonly (readonly string[])[] = [
      ["report", copy, "--format", "md"],
      ["inspect", copy],
      ["inspect", copy, "--bytes"],
      ["export", copy, "-o", join(out, "e")],
      ["compare", copy, run],
      ["pack", copy, "-o", `${out}.tar.zst`],
      ["sweep", place.file, "--out", place.runs, "--resume", copy, ...unchecked],
    ];
    const said: string[] = [];
    for (const words of commands) {
      const { code, signal, stdout, stderr } = await tollgate(words, place.environment);
      const text = `${words[0]} ${code ?? signal}: ${stdout}\n${stderr}`;
      expect(text).not.toMatch(/bug in Tollgate|\n {4}at /);
      expect([0, 1, 2, 3, 4, 5, 6]).toContain(code);
      said.push(text);
    }
    if (says !== null) expect(said.join("\n")).toMatch(says);
    if (process.env["SHOW_DAMAGES"])
      console.log(said.map((text) => text.split("\n").slice(0, 3).join(" | ").slice(0, 300)).join("\n"));
    // What is not readable is refused; what is, ends with each episode once.
    const resumed = said.at(-1) ?? "";
    if (/^sweep [015]/.test(resumed) && /^sweep [01]/.test(resumed)) {
      const ids = episodesOf(copy).map(({ episodeId, segmentId }) => `${episodeId} ${segmentId}`);
      const planned = JSON.parse(readFileSync(join(copy, "run.json"), "utf8")) as {
        cells: { episodeIds: string[] }[];
      };
      expect(new Set(ids.map((id) => id.split(" ")[0])).size).toBe(
        planned.cells.flatMap(({ episodeIds }) => episodeIds).length,
      );
    }
  },
  5 * minutes,
);

test("the run itself is as it was", async () => {
  expectExit(await tollgate(["inspect", run, "--bytes"]), 0);
});
