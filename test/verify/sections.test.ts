import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rebuildReport } from "../../bench/report/rebuild.ts";
import { compareFigures } from "../../bench/verify/figures/compare.ts";
import { get, type JsonValue } from "../../bench/verify/evidence/json-value.ts";
import { recompute } from "../../bench/verify/verify-run.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { unpack } from "../pack/unpacked.ts";
import { edited, edits, figuresIn, kindOf } from "./edited-figures.ts";

/** Sections of report.json, by the runs that have them, and how many of their figures are recomputed at least. */
const sections = {
  "verified-runs/long-context": { lengths: 120, byAxis: 400, coverage: 2, exclusions: 3 },
  "verified-runs/variants": { variants: 200, floors: 30, ledgers: 500, overheads: 250 },
  "stored-runs/resumed": { exclusions: 3 },
  "stored-runs/sweep": { floors: 30, ledgers: 300, overheads: 300 },
} as const;

async function recomputed(name: string, folder: TemporaryFolder) {
  await unpack(join(import.meta.dirname, `../fixtures/${name}.tar.zst`), folder.path);
  const directory = join(folder.path, readdirSync(folder.path)[0] ?? "");
  await rebuildReport(directory);
  const report = JSON.parse(readFileSync(join(directory, "report/report.json"), "utf8")) as JsonValue;
  return { expected: (await recompute(directory)).expected, report };
}

test.each(Object.entries(sections))(
  "one edited digit of any covered figure in the sections of %s is found",
  async (name, wanted) => {
    using folder = new TemporaryFolder();
    const { expected, report } = await recomputed(name, folder);
    for (const [section, least] of Object.entries(wanted)) {
      const should = get(expected as JsonValue, section);
      const said = get(report, section);
      const differences = (is: JsonValue) => compareFigures("report/report.json", should, is);
      const { unequal, coverage } = differences(said);
      expect({ section, unequal }).toEqual({ section, unequal: [] });
      const open = new Set(coverage.flatMap(({ kind, reason }) => (reason === null ? [] : [kind])));
      // What is 0 but for the rounding of floats has no digits that say anything.
      const isNoise = (value: number | string) =>
        typeof value === "number" && value !== 0 && Math.abs(value) < 1e-11;
      const covered = figuresIn(said).filter((place) => !open.has(kindOf(place)) && !isNoise(place.value));
      expect({ section, covered: covered.length >= least ? least : covered.length }).toEqual({
        section,
        covered: least,
      });
      const missed = covered.flatMap((place) =>
        edits(place.value).flatMap((value) =>
          differences(edited(said, place, value)).unequal.length > 0
            ? []
            : [`${section}.${place.steps.join(".")}: ${String(place.value)} -> ${String(value)}`],
        ),
      );
      expect(missed).toEqual([]);
    }
  },
);
