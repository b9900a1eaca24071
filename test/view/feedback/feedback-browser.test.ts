import { appendFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rebuildFeedbackReport } from "../../../bench/feedback/report/rebuild.ts";
import { hostileStep, stepLine, writeFeedbackRun, writeOriginalRun } from "../../feedback/run-folders.ts";
import { chromiumPath, openPage, startBrowser } from "../browser.ts";
import { hostile, ViewedRuns } from "../viewed-runs.ts";

const noBrowser = chromiumPath === null;

/** The pages of the preference loop in a real browser. */
let runs: ViewedRuns;
let browser: Browser;
let name: string;
beforeAll(async () => {
  runs = await ViewedRuns.begin();
  const step = (line: Parameters<typeof hostileStep>[0]) => hostileStep(line, hostile);
  const path = await writeFeedbackRun(runs.folder, {
    names: ["no_emoji"],
    step,
    identity: { note: hostile },
  });
  await rebuildFeedbackReport(path);
  name = basename(path);
  await writeOriginalRun(join(runs.folder, "original"), { step });
  if (!noBrowser) browser = await startBrowser();
});
afterAll(async () => {
  if (!noBrowser) await browser.close();
  await runs[Symbol.asyncDispose]();
});

const open = (path: string, look = {}) => openPage(browser, new URL(path, runs.url).href, look);
const unfoldAll = "for (const one of document.querySelectorAll('details')) one.open = true";

test.skipIf(noBrowser)(
  "what a model wrote is text: no dialog, no complaint, nothing asked of anybody else, nothing beside the page",
  async () => {
    const paths = ["/", `/runs/${name}`, `/runs/${name}/steps/no_emoji/3`, "/runs/original", "/v1/eval"];
    for (const colorScheme of ["light", "dark"] as const)
      for (const width of [400, 1280]) {
        await using seen = await open("/", { width, colorScheme });
        for (const path of paths) {
          await seen.page.goto(new URL(path, runs.url).href);
          await seen.page.evaluate(unfoldAll);
          const [shown, wide] = await seen.page.evaluate<[number, number]>(
            "[document.documentElement.clientWidth, document.documentElement.scrollWidth]",
          );
          expect(wide, `${path} at ${width} pixels`).toBe(shown);
          expect(await seen.page.locator("img, main script").count(), `at ${path}`).toBe(0);
        }
        expect(seen.complaints).toEqual([]);
        expect(seen.requested.filter((url) => !url.startsWith(runs.url) && !url.startsWith("data:"))).toEqual(
          [],
        );
      }
  },
);

test.skipIf(noBrowser)(
  "a run and a step are unfolded, and show feedback, prompt, answer, metrics, rollouts",
  async () => {
    await using seen = await open("/v1/eval");
    const run = seen.page.locator(`details.eval-run[id="run-${name}"]`);
    const answer = run.locator(".step-body").first();
    await expect(answer.isVisible()).resolves.toBe(false);
    await run.locator("> summary").click();
    await run.locator(".step-row > summary").first().click();
    for (const heading of [
      "Feedback",
      "Prompt",
      "Response",
      "Training metrics",
      "Metrics",
      "Serving",
      "Rollouts (1)",
    ])
      await answer.locator("h4", { hasText: new RegExp(`^${heading.replace(/[()]/g, "\\$&")}$`) }).waitFor();
    expect(await answer.locator("pre.said").first().textContent()).toContain("<img src=x onerror=alert(1)>");
    expect(await run.locator("svg").count()).toBeGreaterThan(5);
  },
);

test.skipIf(noBrowser)("a step that ends while the page is open appears on it", async () => {
  const path = await writeOriginalRun(join(runs.folder, "going-on"), { names: ["concise"], summary: false });
  await using seen = await open("/runs/going-on");
  await expect(seen.page.locator(".step-row").count()).resolves.toBe(4);
  await appendFile(join(path, "concise", "steps.jsonl"), `${JSON.stringify(stepLine("concise", 4))}\n`);
  await seen.page.locator(".step-row", { hasText: "step 4" }).waitFor({ timeout: 15_000 });
});
