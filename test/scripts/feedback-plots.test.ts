import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeFeedbackRun } from "../feedback/run-folders.ts";

const folder = mkdtempSync(join(tmpdir(), "tollgate-plots-"));
afterAll(() => rmSync(folder, { recursive: true }));
const script = "scripts/feedback-plots.ts";

/** Every text and style of a picture, without the numbers of its run. */
const withoutNumbers = (svg: string) => [
  svg.slice(0, svg.indexOf("<g ")),
  ...new Set(
    [...svg.matchAll(/>([^<>]+)</g)].map(([, text = ""]) => text.replaceAll(/[+−-]?\d[\d.]*/g, "N")),
  ),
];

test("the picture in docs/feedback.md is what the script draws of such a run, with the numbers of its own", async () => {
  const run = await writeFeedbackRun(folder, { names: ["no_emoji", "concise", "identity"] });
  const file = join(folder, "plots.svg");
  execFileSync(process.execPath, [script, run, "-o", file]);
  const drawn = readFileSync(file, "utf8");
  expect(withoutNumbers(drawn)).toEqual(withoutNumbers(readFileSync("docs/feedback-plots.svg", "utf8")));
  expect(drawn.match(/<polyline /g)).toHaveLength(12);
});

test("a run without one of the plots is told by its name", async () => {
  const run = await writeFeedbackRun(join(folder, "without"), {
    names: ["concise"],
    step: (line) => ({ ...line, sdpo_metrics: null }),
  });
  const { status, stderr } = spawnSync(process.execPath, [script, run], { encoding: "utf8" });
  expect([status, stderr]).toEqual([2, expect.stringContaining("has no plot ^Distillation loss$")]);
});
