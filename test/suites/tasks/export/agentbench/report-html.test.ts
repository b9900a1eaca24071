import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agentBenchResults } from "../../../../../suites/tasks/export/agentbench/results.ts";
import { reportPage } from "../../../../../suites/tasks/export/agentbench/report-html.ts";
import { shownTasks } from "../../../../../suites/tasks/export/agentbench/shown-task.ts";
import { chromiumPath, openPage, startBrowser } from "../../../../view/browser.ts";
import { servingCost, taskTrial, threeTasks, triedRun, type TaskPlan } from "../trial-builder.ts";

const hostile = "<script>alert(1)</script><img src=http://127.0.0.1:9/x.png onerror=alert(2)>";

function pageOf(plans: readonly TaskPlan[]): string {
  const trial = taskTrial(plans);
  const results = agentBenchResults(triedRun, trial, {
    strict: false,
    runId: "20261129-010203",
    serving: servingCost,
  });
  return reportPage(results, shownTasks(results, trial.tasks));
}

function manyTasks(count: number, characters: number): readonly TaskPlan[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `task-${String(at).padStart(4, "0")}`,
    suite: `suite-${at % 7}`,
    value: (at % 20) / 20,
    detail: `${at} ${"why ".repeat(characters / 4)}`,
  }));
}

test("a page stays below 100 kB, whatever the tasks say and how many they are, and says what is not in it", () => {
  expect(Buffer.byteLength(pageOf(threeTasks))).toBeLessThan(30_000);
  const forty = pageOf(manyTasks(40, 2000));
  expect(Buffer.byteLength(forty)).toBeLessThan(100_000);
  expect(forty).toContain("task-0039");
  const many = pageOf(manyTasks(3000, 200));
  expect(Buffer.byteLength(many)).toBeLessThan(100_000);
  expect(many).toMatch(/The \d+ worst of 3000: all are in results.json/);
  expect(many).toContain("Long texts are cut");
});

describe.skipIf(chromiumPath === null)("in Chromium", () => {
  let folder: string;
  let url: string;
  let browser: Browser;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tollgate-agentbench-"));
    const file = join(folder, "report.html");
    await writeFile(
      file,
      pageOf([...threeTasks, { id: "hostile", name: hostile, value: 0.55, detail: hostile }]),
    );
    url = pathToFileURL(file).href;
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  test.each(["light", "dark"] as const)(
    "it loads nothing, complains of nothing and fits, %s",
    async (colorScheme) => {
      for (const width of [400, 1280]) {
        await using open = await openPage(browser, url, { colorScheme, width });
        const { page, requested, complaints } = open;
        expect(await page.title()).toBe("AgentBench 20261129-010203");
        expect([requested, complaints]).toEqual([[url], []]);
        expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(
          width,
        );
        const paper = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
        expect(paper === "rgb(255, 255, 255)").toBe(colorScheme === "light");
      }
    },
  );

  test("a heading sorts by numbers, both ways, and a task without a score stays last", async () => {
    const file = join(folder, "failed.html");
    await writeFile(file, pageOf([...threeTasks, { id: "lost", value: null }, { id: "ten", value: 1 }]));
    await using open = await openPage(browser, pathToFileURL(file).href);
    const { page } = open;
    const worst = ["rename-files", "two-tables", "tidy-notes", "ten", "lost"];
    expect(await shownIds(page)).toEqual(worst);
    await page.getByRole("button", { name: /^score/ }).click();
    expect(await shownIds(page)).toEqual(["ten", "tidy-notes", "two-tables", "rename-files", "lost"]);
    expect(await page.locator("thead th").nth(3).getAttribute("aria-sort")).toBe("descending");
    await page.getByRole("button", { name: /^score/ }).click();
    expect(await shownIds(page)).toEqual(worst);
    await page.getByRole("button", { name: /^task( |$)/ }).click();
    expect(await shownIds(page)).toEqual(["lost", "rename-files", "ten", "tidy-notes", "two-tables"]);
  });

  test("a task opens and closes, with the keyboard too, and its details stay with it when the table is sorted", async () => {
    await using open = await openPage(browser, url);
    const { page } = open;
    const button = page.getByRole("button", { name: "two-tables" });
    const said = page.getByText("report.md has no section Totals").first();
    await button.focus();
    await page.keyboard.press("Enter");
    expect(await button.getAttribute("aria-expanded")).toBe("true");
    expect(await said.isVisible()).toBe(true);
    await page.getByRole("button", { name: /^task( |$)/ }).click();
    const row = page.locator("tbody tr", { has: button });
    expect(await row.locator("xpath=following-sibling::tr[1]").textContent()).toContain("no section Totals");
    await button.click();
    expect(await page.locator(`#${await button.getAttribute("aria-controls")}`).isVisible()).toBe(false);
  });

  test("what tasks are called and what they say is shown, and never carried out", async () => {
    await using open = await openPage(browser, url);
    const { page, requested, complaints } = open;
    await page.getByRole("button", { name: "hostile" }).click();
    expect(await page.locator("tr.details:not([hidden])").textContent()).toContain(hostile);
    expect([requested, complaints]).toEqual([[url], []]);
  });
});

async function shownIds(page: Page): Promise<string[]> {
  return await page.locator("tbody tr:not(.details) th button").allTextContents();
}
