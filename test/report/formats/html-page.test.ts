import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rebuildReport, renderReport } from "../../../bench/report/rebuild.ts";
import type { CellSummary } from "../../../bench/analysis/cell/cell-summary.ts";
import type { ReportModel } from "../../../bench/report/model/report-model.ts";
import { reportTables } from "../../../bench/report/tables/sweep-document.ts";
import { ttftTables } from "../../../bench/report/tables/ttft-pictures.ts";
import { RunDirectory } from "../../../bench/store/run-directory.ts";
import { buildIdentity, plannedCell, runStarted } from "../../store/run-builder.ts";
import { writeSegment } from "../../evidence/evidence-builder.ts";

/** The report in a real browser: what a reader sees, and what the page asks for. */
const executablePath = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => `/usr/bin/${name}`)
  .find((path) => existsSync(path));
const noBrowser = executablePath === undefined;

/** Without these the browser itself calls out, or wants a GPU. */
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let scratch: string;
let report: ReportModel;
let url: string;
/** The same run, as if the gateway had failed at load 1 and altered at load 4. */
let spoiled: ReportModel;
let spoiledUrl: string;
let browser: Browser | undefined;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-page-"));
  const directory = await writeRun();
  report = await rebuildReport(directory);
  url = pathToFileURL(join(directory, "report", "report.html")).href;
  spoiled = withSpoiledCells(report);
  const file = join(scratch, "spoiled.html");
  await writeFile(file, renderReport(spoiled, "html"));
  spoiledUrl = pathToFileURL(file).href;
  if (executablePath !== undefined) browser = await chromium.launch({ executablePath, args: flags });
});
afterAll(async () => {
  await browser?.close();
  await rm(scratch, { recursive: true });
});

/** Raw and gateway at three loads: the gateway costs 3 ms, one episode in six fails its task, one segment is cut short. */
async function writeRun(): Promise<string> {
  const episodes = 24;
  const cells = [1, 4, 16].flatMap((load) =>
    ["raw", "gateway"].map((arm) => plannedCell(arm, episodes, load)),
  );
  const identity = buildIdentity({ cells, note: 'text from a user: <b>bold</b> & "quoted"' });
  await using run = await RunDirectory.create(scratch, { identity, pid: process.pid });
  await run.append(runStarted(identity));
  for (const cell of cells) {
    await writeSegment(run, {
      cell,
      episodes: Array.from({ length: episodes }, (_, index) => index),
      pathNs: (episode, request) =>
        1e6 + (cell.arm === "raw" ? 0 : 3e6) + ((episode * 31 + request * 17) % 7) * 1e4,
      timing: (timing) => ({ ...timing, endedNs: timing.endedNs + (cell.concurrency ?? 1) * 1e7 }),
      record: (episode) => ({ reward: episode % 6 === 5 ? 0 : 1 }),
    });
  }
  return run.path;
}

function withSpoiledCells(whole: ReportModel): ReportModel {
  const failures = [{ class: "engine", count: 8, message: "status 500", episodeId: "e0" }];
  const spoil: Readonly<Record<string, (cell: CellSummary) => CellSummary>> = {
    "c1-r0-gateway": (cell) => ({
      ...cell,
      verdict: "failing",
      reasons: [{ verdict: "failing", detail: "8 of 24 episodes failed" }],
      episodes: { ...cell.episodes, failures },
    }),
    "c4-r0-gateway": (cell) => ({ ...cell, verdict: "request-altered", ...altered }),
  };
  return {
    ...whole,
    failures: failures.map((failure) => ({ ...failure, cells: [{ cellId: "c1-r0-gateway", count: 8 }] })),
    cells: whole.cells.map((cell) => spoil[cell.cellId]?.(cell) ?? cell),
  };
}

const altered: Pick<CellSummary, "reasons" | "fidelity"> = {
  reasons: [{ verdict: "request-altered", detail: "temperature 0 was sent, 0.7 reached the engine" }],
  fidelity: {
    arm: "gateway",
    requests: 72,
    comparedRequests: 72,
    comparedAnswers: 72,
    findings: [
      {
        kind: "request",
        about: "temperature changed",
        what: "temperature 0 was sent, 0.7 reached the engine",
        count: 9,
        of: 72,
        first: { requestId: "r1", episodeId: "e1", before: "0", after: "0.7" },
      },
    ],
    unknown: [],
  },
};

interface Seen {
  readonly page: Page;
  /** Addresses that the page asked for. */
  readonly requested: readonly string[];
  /** What it complained about. */
  readonly complaints: readonly string[];
}

async function open(
  look: { readonly width?: number; readonly colorScheme?: "light" | "dark"; readonly at?: string } = {},
): Promise<Seen & AsyncDisposable> {
  const { width = 1280, colorScheme = "light", at = url } = look;
  const context = await browser!.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  const [requested, complaints]: [string[], string[]] = [[], []];
  page.on("request", (request) => void requested.push(request.url()));
  page.on("console", (message) => void complaints.push(message.text()));
  page.on("pageerror", (error) => void complaints.push(error.message));
  await page.goto(at);
  return { page, requested, complaints, [Symbol.asyncDispose]: () => context.close() };
}

test.skipIf(noBrowser)("it asks for nothing but itself and complains about nothing", async () => {
  await using seen = await open();
  await seen.page.waitForLoadState("networkidle");
  expect([seen.requested, seen.complaints]).toEqual([[url], []]);
});

test.skipIf(noBrowser)("every table has the rows and columns of the report, as text", async () => {
  await using seen = await open();
  const shown = await seen.page.locator("section:has(table)").evaluateAll((sections) =>
    sections.map((section) => ({
      title: section.querySelector("h2")?.textContent,
      head: [...section.querySelectorAll("thead th")].map((cell) => cell.textContent),
      rows: [...section.querySelectorAll("tbody tr")].map((row) =>
        [...row.children].map((cell) => (cell as unknown as { innerText: string }).innerText),
      ),
    })),
  );
  expect(shown).toEqual(
    [...reportTables(report, { seed: false }), ...ttftTables(report.cells)].map(
      ({ title, columns, rows }) => ({
        title,
        head: columns.map(({ head }) => head.replaceAll("\n", "")),
        rows,
      }),
    ),
  );
});

test.skipIf(noBrowser)(
  "charts are there, with a name and a value for those who cannot see them",
  async () => {
    await using seen = await open();
    const names = ["E2E p50 by concurrency, ms", "TTFT p50 by concurrency, ms"];
    const drawn = await seen.page.getByRole("img").evaluateAll((all) => all.map((one) => one.ariaLabel));
    // The answer first: what an arm adds. Then the service, then what an episode is made of.
    expect(drawn.map((name) => /^[^,.]+?(?=[:,.] |$)/.exec(name ?? "")?.[0])).toEqual([
      "What an arm adds on the way",
      "TTFT p50 by concurrency",
      "E2E p50 by concurrency",
      "ITL p50 by concurrency",
      "Episodes per minute by concurrency",
      "Output tokens per second",
      "Where the time of an episode went",
      ...[1, 4, 16].map((load) => `TTFT p50 by turn at closed:${load}`),
      // One for each cell.
      ...report.cells.map(({ cellId }) => cellId),
    ]);
    for (const name of names) {
      const chart = seen.page.getByRole("img", { name });
      const box = await chart.boundingBox();
      expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThan(150);
      // A filled line would paint an area between the points that means nothing.
      const lines = await seen.page.evaluate<string[]>(
        "[...document.querySelectorAll('polyline')].map((line) => getComputedStyle(line).fill)",
      );
      expect(lines).toEqual(lines.map(() => "none"));
      const points = await chart.locator("g title").allTextContents();
      expect(points.map((text) => text.replace(/: .*/, ""))).toEqual(
        ["raw", "gateway"].flatMap((arm) => [1, 4, 16].map((load) => `${arm}, ${load}`)),
      );
    }
  },
);

test.skipIf(noBrowser)(
  "light and dark are both readable: WCAG AA for text, 3:1 for the lines of charts",
  async () => {
    const papers: string[] = [];
    for (const colorScheme of ["light", "dark"] as const) {
      await using seen = await open({ colorScheme });
      // As text, because this project has no types of a browser's world.
      const { paper, inks, strokes } = await seen.page.evaluate<Colours>(`(() => {
      const all = (selector, property) =>
        [...document.querySelectorAll(selector)].map((element) => getComputedStyle(element)[property]);
      return {
        paper: getComputedStyle(document.body).backgroundColor,
        inks: all("h1, h2, p, th, td, li, dt, dd, figcaption", "color"),
        strokes: [...all("polyline", "stroke"), ...all("svg text", "fill")],
      };
    })()`);
      papers.push(paper);
      for (const ink of new Set(inks))
        expect(contrast(ink, paper), `${ink} on ${paper}`).toBeGreaterThan(4.5);
      for (const ink of new Set(strokes))
        expect(contrast(ink, paper), `${ink} on ${paper}`).toBeGreaterThan(3);
    }
    expect(new Set(papers).size).toBe(2);
  },
);

interface Colours {
  readonly paper: string;
  readonly inks: readonly string[];
  readonly strokes: readonly string[];
}

/** WCAG's contrast ratio of two `rgb(r, g, b)`. */
function contrast(one: string, other: string): number {
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
      const share = Number(part) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

test.skipIf(noBrowser)(
  "nothing sticks out, on a desk or on a telephone; wide tables scroll by themselves",
  async () => {
    for (const width of [1600, 1280, 400]) {
      await using seen = await open({ width });
      const [shown, wide] = await seen.page.evaluate<[number, number]>(
        "[document.documentElement.clientWidth, document.documentElement.scrollWidth]",
      );
      // What scrolls must be reachable with the keyboard as well.
      const unreachable = await seen.page.locator(".scroll:not([tabindex='0'])").count();
      expect([wide, unreachable], `at ${width} pixels`).toEqual([shown, 0]);
    }
  },
);

test.each(["table", "md", "html"] as const)(
  "%s: what cannot be used is said before any table, Failures and Fidelity before any number; of a sound run nothing",
  (format) => {
    const text = renderReport(spoiled, format);
    const places = ["NOT USABLE", "Arm gateway", "What to do", "Failures", "Fidelity", "Speed"].map((words) =>
      text.indexOf(words),
    );
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    expect(renderReport(report, format)).not.toMatch(/NOT USABLE|What to do|Not drawn|Failures/);
  },
);

test.skipIf(noBrowser).each([1280, 400])(
  "at %i pixels the first screen says which arm cannot be used and why",
  async (width) => {
    await using seen = await open({ width, at: spoiledUrl });
    const notice = seen.page.locator(".notice");
    for (const text of [
      "NOT USABLE: 2 of 6 cells",
      "Arm gateway, 2 of its 3 cells (c1-r0-gateway, c4-r0-gateway): failing, request-altered",
      "8 of 24 episodes failed because something around the agent broke",
      "temperature 0 was sent, 0.7 reached the engine (9 of 72 requests)",
    ]) {
      const box = await notice.getByText(text).boundingBox();
      const bottom = (box?.y ?? Infinity) + (box?.height ?? 0);
      expect(bottom, `bottom of "${text}"`).toBeLessThan(900);
    }
    const wide = await seen.page.evaluate<number>("document.documentElement.scrollWidth");
    expect(wide).toBe(width);
  },
);

test.skipIf(noBrowser)("charts leave out what failed or was altered, and say so", async () => {
  await using seen = await open({ at: spoiledUrl });
  const chart = seen.page.locator("figure", { hasText: "E2E p50 by concurrency" });
  const headings = await seen.page.locator("h2, figcaption").allTextContents();
  expect(headings.map((text) => /^[A-Z\d]+/i.exec(text)?.[0]).slice(0, 4)).toEqual([
    "NOT",
    "Failures",
    "Fidelity",
    "What",
  ]);
  const points = await chart.locator("g title").allTextContents();
  expect(points.map((text) => text.replace(/: .*/, ""))).toEqual([
    "raw, 1",
    "raw, 4",
    "raw, 16",
    "gateway, 16",
  ]);
  expect(await chart.locator("figcaption").textContent()).toBe(
    "E2E p50 by concurrency, ms. Not drawn: c1-r0-gateway is failing, c4-r0-gateway is request-altered",
  );
});

test.skipIf(noBrowser)(
  "the contents lead to every section, each by a name of its own, with the keyboard",
  async () => {
    await using seen = await open();
    const links = await seen.page
      .locator("nav a")
      .evaluateAll((all) =>
        all.map((link) => [link.getAttribute("href") ?? "", link.textContent ?? ""] as const),
      );
    const ids = await seen.page.locator("main > section").evaluateAll((all) => all.map(({ id }) => `#${id}`));
    expect(links.map(([href]) => href)).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(links.map(([, text]) => text)).size).toBe(links.length);
    await seen.page.keyboard.press("Tab");
    await seen.page.keyboard.press("Tab");
    await seen.page.keyboard.press("Enter");
    expect(await seen.page.evaluate<string>("location.hash")).toBe(ids[1]);
  },
);

test.skipIf(noBrowser)(
  "a table closes and opens with the keyboard, and paper shows all that the screen hides",
  async () => {
    await using seen = await open();
    const section = seen.page.locator("#speed");
    const table = section.locator("table");
    expect(await table.isVisible()).toBe(true);
    await section.locator("summary").first().focus();
    await seen.page.keyboard.press("Enter");
    expect(await table.isVisible()).toBe(false);
    await seen.page.emulateMedia({ media: "print" });
    const height = async () => (await table.boundingBox())?.height ?? 0;
    expect(await height()).toBeGreaterThan(50);
    expect(await seen.page.locator("nav").isVisible()).toBe(false);
  },
);

test.skipIf(noBrowser)(
  "every row of a table has a head, and the row of a group that repeats no name says it to those who listen",
  async () => {
    await using seen = await open();
    const rows = await seen.page.locator("#latency-at-the-outer-tap tbody tr").evaluateAll((all) =>
      all.map((row) => {
        const head = row.querySelector("th[scope=row]");
        return head?.getAttribute("aria-label") ?? head?.textContent;
      }),
    );
    expect(rows).toEqual(report.cells.flatMap(({ cellId }) => [cellId, cellId, cellId]));
  },
);

test("the answer stands in sentences before its picture: what the arm adds, by load, and what that means", () => {
  const page = renderReport(report, "html");
  const answers = page.match(/<ul class="answer">.*?<\/ul>/s)?.[0] ?? "";
  for (const load of [1, 4, 16])
    expect(answers).toMatch(
      new RegExp(`${load} in flight, gateway: \\+3\\.0\\d \\[[^\\]]+\\] ms on a whole request: slower\\.`),
    );
  expect(page.indexOf(answers)).toBeLessThan(page.indexOf("<svg"));
});
