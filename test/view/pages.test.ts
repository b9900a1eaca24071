import { basename } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rebuildReport } from "../../bench/report/rebuild.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { writeSegment } from "../evidence/evidence-builder.ts";
import { buildAttempt, buildEpisode, buildIdentity, plannedCell, runStarted } from "../store/run-builder.ts";
import { chromiumPath, openPage, startBrowser } from "./browser.ts";
import { hostile, ViewedRuns } from "./viewed-runs.ts";

const noBrowser = chromiumPath === null;

/** The view in a real browser: what a reader sees, what the pages ask for, and that they move while a run goes on. */
let runs: ViewedRuns;
let browser: Browser;
let name: string;
beforeAll(async () => {
  runs = await ViewedRuns.begin();
  const directory = await runs.write({
    episodes: 24,
    identity: { note: hostile },
    record: (arm, index) => ({
      taskId: `${hostile} ${index}`,
      ...(arm === "gateway" && index % 6 === 5 ? { reward: 0 } : {}),
      ...(arm === "gateway" && index === 0
        ? { status: "failed", reward: null, failure: { class: "engine", message: hostile } }
        : {}),
    }),
  });
  await rebuildReport(directory);
  name = basename(directory);
  if (!noBrowser) browser = await startBrowser();
});
afterAll(async () => {
  if (!noBrowser) await browser.close();
  await runs[Symbol.asyncDispose]();
});

const open = (path: string, look = {}) => openPage(browser, new URL(path, runs.url).href, look);
const paths = () => ["", "/episodes", "/episodes?differs=1", "/pairs"].map((rest) => `/runs/${name}${rest}`);

test.skipIf(noBrowser)(
  "no page complains, shows a dialog, asks for anything elsewhere, or sticks out at 400 pixels",
  async () => {
    await using seen = await open("/");
    for (const path of ["/", ...paths()]) {
      await seen.page.goto(new URL(path, runs.url).href);
      for (const width of [400, 1280]) {
        await seen.page.setViewportSize({ width, height: 900 });
        const [shown, wide] = await seen.page.evaluate<[number, number]>(
          "[document.documentElement.clientWidth, document.documentElement.scrollWidth]",
        );
        expect(wide, `${path} at ${width} pixels`).toBe(shown);
      }
      expect(await seen.page.locator("img, main script").count(), `at ${path}`).toBe(0);
    }
    expect(seen.complaints).toEqual([]);
    expect(seen.requested.filter((url) => !url.startsWith(runs.url) && !url.startsWith("data:"))).toEqual([]);
  },
);

test.skipIf(noBrowser)("light and dark are both readable: WCAG AA for text", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    await using seen = await open("/", { colorScheme });
    for (const path of paths()) {
      await seen.page.goto(new URL(path, runs.url).href);
      const low = await seen.page.evaluate<string[]>(`(${lowContrast})()`);
      expect(low, `${path}, ${colorScheme}`).toEqual([]);
    }
  }
});

/** Texts whose colour is less than 4.5:1 from what is behind them. As text: this project has no types of a browser's world. */
const lowContrast = `() => {
  const numbers = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = numbers(colour).map((part) => part / 255).map((s) => s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("body *")]
    .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "") && !(element instanceof SVGElement) && element.checkVisibility())
    .flatMap((element) => {
      const [ink, paper] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
      const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
      return ratio < 4.5 ? [element.tagName + " " + element.className + ": " + element.textContent.slice(0, 40) + " " + ratio.toFixed(2)] : [];
    });
}`;

test.skipIf(noBrowser)(
  "a reader goes from the list to the run, filters its episodes and sorts them",
  async () => {
    await using seen = await open("/");
    const { page } = seen;
    await page.getByRole("link", { name, exact: true }).click();
    await page.getByRole("link", { name: "All 48 finished episodes" }).click();
    await page.getByRole("combobox", { name: "reward" }).selectOption("0");
    await page.getByRole("combobox", { name: "arm" }).selectOption("gateway");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(/reward=0/);
    await expect.poll(() => page.locator("tbody tr").count()).toBe(4);
    await page.getByRole("columnheader", { name: "s", exact: true }).getByRole("link").click();
    await page.waitForURL(/sort=-seconds/);
    expect(await page.locator("tbody tr").count()).toBe(4);
    expect(await page.getByRole("columnheader", { name: "s", exact: true }).getAttribute("aria-sort")).toBe(
      "descending",
    );
    expect(seen.complaints).toEqual([]);
  },
);

test.skipIf(noBrowser)(
  "the page of a run that goes on moves by itself, and leaves the form alone",
  async () => {
    const cell = plannedCell("raw", 3);
    const identity = buildIdentity({ runId: "laptop-20261121T140000Z-00000c", cells: [cell] });
    await using run = await RunDirectory.create(runs.folder, { identity, pid: process.pid });
    await run.append(runStarted(identity));
    await writeSegment(run, { cell, episodes: [0], ended: null });
    await using seen = await open(`/runs/${basename(run.path)}/episodes`);
    const { page } = seen;
    await page.getByLabel("task or episode").fill("half a wor");
    expect(await page.locator("tbody tr").count()).toBe(1);
    await run.appendEpisode(buildEpisode(cell, 1), buildAttempt());
    await page.locator("tbody tr").nth(1).waitFor({ timeout: 20_000 });
    expect(await page.getByLabel("task or episode").inputValue()).toBe("half a wor");
    expect(seen.complaints).toEqual([]);
  },
);
