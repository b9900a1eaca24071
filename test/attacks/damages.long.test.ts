import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lastLine, unchecked, Workplace } from "../e2e/small-experiment.ts";
import { episodesOf, tollgate } from "../e2e/tollgate-process.ts";
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
}, 5 * minutes);
afterAll(() => place[Symbol.dispose]());

/** Planned episodes that are not in the records. */
function missing(directory: string): readonly string[] {
  const { cells } = JSON.parse(readFileSync(join(directory, "run.json"), "utf8")) as {
    cells: { episodeIds: string[] }[];
  };
  const recorded = new Set(episodesOf(directory).map(({ episodeId }) => episodeId));
  return cells.flatMap(({ episodeIds }) => episodeIds).filter((id) => !recorded.has(id));
}

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
    expect(said.join("\n")).toMatch(says ?? /^/);
    // What is not readable is refused; what is, ends with every planned episode.
    const isRefused = !/^sweep [01]:/.test(said.at(-1) ?? "");
    expect(isRefused || missing(copy).length === 0).toBe(true);
  },
  5 * minutes,
);

/** Files of a run by what they are: of each kind the first. */
function kindsOfFiles(): readonly string[] {
  const files = readdirSync(run, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(run, join(entry.parentPath, entry.name)))
    .toSorted();
  const kindOf = (file: string) => file.replaceAll(/[0-9a-f]{64}|\b\d+\b|\bc\d+-r\d+-\w+/g, "*");
  return [...Map.groupBy(files, kindOf).values()].map(([first = ""]) => first);
}

test(
  "whatever file is empty, cut, not text or a folder: no command calls it a bug",
  async () => {
    const changes: readonly (readonly [string, (file: string) => void])[] = [
      ["empty", (file) => truncateSync(file, 0)],
      ["cut", (file) => truncateSync(file, statSync(file).size >> 1)],
      ["zeros", (file) => writeFileSync(file, Buffer.alloc(4_096))],
      ["null", (file) => writeFileSync(file, "null\n")],
      ["a folder", (file) => (rmSync(file), mkdirSync(file))],
    ];
    const bugs: string[] = [];
    for (const file of kindsOfFiles()) {
      for (const [change, apply] of changes) {
        const copy = join(
          place.path,
          "kinds",
          `${file.replaceAll(/\W/g, "_")}-${change.replaceAll(" ", "_")}`,
        );
        cpSync(run, copy, { recursive: true });
        apply(join(copy, file));
        for (const words of [
          ["report", copy, "--format", "json"],
          ["inspect", copy, "--bytes"],
          ["sweep", place.file, "--out", place.runs, "--resume", copy, ...unchecked],
        ]) {
          const { code, stderr } = await tollgate(words, place.environment);
          if (code === 70 || code === null)
            bugs.push(`${file} is ${change}: ${words[0]} ${code}: ${stderr.slice(0, 300)}`);
        }
        rmSync(copy, { recursive: true });
      }
    }
    expect(bugs).toEqual([]);
  },
  40 * minutes,
);

test("the run itself is as it was", async () => {
  const inspected = await tollgate(["inspect", run, "--bytes"]);
  expect([inspected.code, episodesOf(run).length]).toEqual([0, 8]);
});
