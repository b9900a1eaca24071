import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rebuildReport } from "../../bench/report/rebuild.ts";
import { rebuildReplay } from "../../bench/report/rebuild.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { unpack } from "../pack/unpacked.ts";

const archives = join(import.meta.dirname, "../fixtures/stored-runs");
const names = readdirSync(archives)
  .filter((name) => name.endsWith(".tar.zst"))
  .map((name) => name.replace(".tar.zst", ""));

/**
 * What a report of a run of 450d663 says otherwise today, on purpose: paths of report.json (`*`: every entry,
 * `name=value`: entries with that field), with the reason. Each is in CHANGELOG. Whatever is not listed is the same, byte for byte.
 */
const mended: Readonly<Record<string, string>> = {
  "run.engines": "new: which programs the model servers are",
  engines: "the same, of a replay",
  "cells.*.engineLatencies": "new: the engine's own histograms beside the inner tap",
  "cells.*.ttftGroups": "new: time to first token by turn and by prompt length",
  "cells.*.overTime": "new: requests in flight over time",
  floors: "new: the baseline against itself",
  engineLatencies: "new: the engine's own histograms beside the inner tap, of a replay",
  "definitions.term=floor": "new",
  "servers.2": "versions of engines come with their names",
  "definitions.term=verdict.meaning": "new verdicts: failing, request-altered, answer-altered",
  "definitions.term=ITL.meaning": "null where all tokens came in one chunk",
  "definitions.term=E2E.meaning": "an answer ends with [DONE], which older runs did not tell apart",
  "overheads.*.aboveProxy": "new: what an arm costs beyond what any proxy does",
  aboveProxy: "the same of a replay",
  "comparisons.*.dropped.not answered: error or unfinished answer inside a 200": "a reason of its own",
};

/** The same for one archive: what is said of it, only. */
const mendedIn: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  sweep: {
    "overheads.arm=gateway.firstTokenRefused": "L2 asks /generate, raw /chat/completions: not comparable",
    "overheads.arm=gateway.pathMs.firstByte": "the same",
    "overheads.arm=gateway.pathMs.firstToken": "the same",
  },
  replay: {
    "comparisons.0.firstTokenRefused": "L2 asks /generate, raw /chat/completions: not comparable",
    "comparisons.0.path.firstByteMs": "the same",
    "comparisons.0.path.firstTokenMs": "the same",
  },
  dirty: {
    "cells.*.verdict": "1 of 6 episodes failed in both cells: failing",
    "cells.*.reasons.verdict=failing": "the reason for it",
    "cells.*.passRate": "a failing cell has none",
    "cells.*.passHatK": "a failing cell has none",
    "cells.*.meanReward": "a failing cell has none",
    "cells.*.rates.episodesPerMinute": "over episodes that did not fail",
    "cells.*.episodes.failures": "new",
    "cells.*.episodeSeconds": "over episodes that did not fail",
    overheads: "refused between failing cells",
    failures: "new",
  },
};

test("there are stored runs", () => {
  expect(names).toEqual(["dirty", "openclaw", "replay-aa", "replay", "resumed", "sweep"]);
});

/** Whoever kept a run may ask for its report again, years later and with another version. */
test.each(names)("the report of the stored run %s is what it was, but for what was mended", async (name) => {
  using folder = new TemporaryFolder();
  await unpack(join(archives, `${name}.tar.zst`), folder.path);
  const [run = ""] = readdirSync(folder.path);
  const directory = join(folder.path, run);
  const before = readFileSync(join(directory, "report/report.json"), "utf8");
  await (name.startsWith("replay") ? rebuildReplay(directory) : rebuildReport(directory));
  const after = readFileSync(join(directory, "report/report.json"), "utf8");
  const paths = Object.keys({ ...mended, ...mendedIn[name] });
  expect(withoutMended(after, paths)).toBe(withoutMended(before, paths));
});

function withoutMended(text: string, paths: readonly string[]): string {
  const report: unknown = JSON.parse(text);
  for (const path of paths) remove(report, path.split("."));
  const isAsWritten = text === `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
  return `${isAsWritten ? "" : "not written as JSON.stringify writes it\n"}${JSON.stringify(report, null, 2)}`;
}

function remove(value: unknown, [step = "", ...rest]: readonly string[]): void {
  if (typeof value !== "object" || value === null) return;
  const owner = value as Record<string, unknown>;
  for (const key of keysOf(owner, step).toReversed()) {
    if (rest.length > 0) remove(owner[key], rest);
    else if (Array.isArray(owner)) owner.splice(Number(key), 1);
    else delete owner[key];
  }
}

function keysOf(owner: Readonly<Record<string, unknown>>, step: string): readonly string[] {
  if (step === "*") return Object.keys(owner);
  const [name = "", wanted] = step.split("=");
  if (wanted === undefined) return [name];
  return Object.keys(owner).filter((key) => {
    const entry = owner[key];
    return typeof entry === "object" && entry !== null && Reflect.get(entry, name) === wanted;
  });
}
