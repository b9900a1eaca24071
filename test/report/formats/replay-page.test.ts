import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { renderReplay } from "../../../bench/report/rebuild.ts";
import { blockOrder } from "../../../bench/statistics/block-order.ts";
import { buildReplayReport } from "../../../bench/analysis/replay/replay-report.ts";
import type { StoredReplay } from "../../../bench/report/model/stored-replay.ts";
import { replayTables } from "../../../bench/report/tables/replay-document.ts";
import { stackTable } from "../../../bench/report/tables/replay-tables.ts";
import type { PreflightRecord } from "../../../bench/store/preflight-record.ts";
import { buildIdentity } from "../../store/run-builder.ts";
import { armOf, baselineArm, legOf, replayPlan, sampleOf } from "../../evidence/leg-builder.ts";

const executablePath = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => `/usr/bin/${name}`)
  .find((path) => existsSync(path));

const preflight: PreflightRecord = {
  at: "2026-01-01T00:00:00.000Z",
  seconds: 1.5,
  checks: [
    { name: "context-length", proves: "prompts fit", skipped: true, findings: [] },
    {
      name: "streaming",
      proves: "tokens are passed on",
      skipped: false,
      findings: [{ on: "arm gateway", status: "warning", what: "all at the <end>", change: "Stream." }],
    },
  ],
  arms: { gateway: { streaming: "simulated", sameEngine: false } },
};

/** A gateway that costs 3 ms, one whose requests all failed, the baseline again and a placebo, four blocks each. */
function buildReport(): StoredReplay {
  const costMs: Readonly<Record<string, number>> = { gateway: 3, "null-proxy": 0.3 };
  const arms = [
    baselineArm,
    armOf("gateway"),
    armOf("an-arm-with-a-long-name-of-its-own"),
    armOf("raw.2", "again"),
    armOf("null-proxy", "placebo"),
  ];
  const legs = Array.from({ length: 4 }, (_, block) =>
    blockOrder(arms, block).map((arm, position) => {
      const failed = arm.label.startsWith("an-arm");
      const samples = [0, 1, 2].map((index) => {
        const noiseMs = ((block * 7 + position * 3 + index) % 5) / 10;
        const sample = sampleOf({ session: 0, index }, 50 + (costMs[arm.label] ?? 0) + noiseMs);
        return failed ? { ...sample, outcome: "http-error" as const, status: 500, usage: null } : sample;
      });
      return legOf({ arm, block, position }, samples);
    }),
  ).flat();
  const plan = replayPlan(arms, 4);
  const report = buildReplayReport({ identity: buildIdentity(), records: [] }, plan, legs);
  return { ...report, preflights: [preflight], servers: ["agent engine: a model, radix cache on"] };
}

const report = buildReport();
const page = renderReplay(report, "html");

test("the page loads nothing, and says verdict, reasons, servers, arms and what was not checked", () => {
  expect(page).not.toMatch(/src=|href="(?!#)|@import|url\(|https?:|<script/);
  expect(page).toContain(`<h2>Verdict: ${report.verdict}</h2>`);
  expect(report.reasons.length).toBeGreaterThan(8);
  for (const { detail } of report.reasons) expect(page).toContain(`: ${detail}</li>`);
  expect(page).toContain("<li>agent engine: a model, radix cache on</li>");
  expect(page).toContain("no: another engine");
  expect(page).toMatch(/context-length<\/th><td class="left">skipped/);
  expect(page).toContain("all at the &lt;end&gt;");
});

test("every arm but the baseline is in the picture, in the order of the tables; one without pairs is absent", () => {
  const rows = page.match(/<g class="row">.*?<\/text><\/g>/gs) ?? [];
  expect(rows.map((row) => /<title>([^:]*)/.exec(row)?.[1])).toEqual([
    "gateway",
    "an-arm-with-a-long-name-of-its-own",
    "raw.2 (A/A floor)",
    "null-proxy (placebo)",
  ]);
  expect(rows.map((row) => row.includes('class="bar"'))).toEqual([true, false, true, true]);
  expect(rows[1]).toContain(">absent: no pairs</text>");
});

test.skipIf(executablePath === undefined)(
  "in a browser: no request, no complaint, nothing sticks out or covers another text, tables as they are elsewhere",
  async () => {
    const scratch = await mkdtemp(join(tmpdir(), "tollgate-replay-page-"));
    const file = join(scratch, "report.html");
    await writeFile(file, page);
    const url = pathToFileURL(file).href;
    const browser = await chromium.launch({
      ...(executablePath === undefined ? {} : { executablePath }),
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
    try {
      const [requested, complaints]: [string[], string[]] = [[], []];
      const tab = await browser.newPage();
      tab.on("request", (request) => void requested.push(request.url()));
      tab.on("console", (message) => void complaints.push(message.text()));
      tab.on("pageerror", (error) => void complaints.push(error.message));
      await tab.goto(url);
      for (const width of [1280, 390]) {
        await tab.setViewportSize({ width, height: 900 });
        // As text, because this project has no types of a browser's world.
        const [shown, wide] = await tab.evaluate<[number, number]>(
          "[document.documentElement.clientWidth, document.documentElement.scrollWidth]",
        );
        expect(wide, `at ${width} pixels`).toBe(shown);
        expect(await tab.evaluate(covered), `at ${width} pixels`).toEqual([]);
      }
      expect(await tab.getByRole("img").evaluateAll((all) => all.map((one) => one.ariaLabel))).toEqual([
        "E2E difference to raw, ms per request",
      ]);
      const titles = await tab.locator("section:has(table) h2").allTextContents();
      const tables = [...replayTables(report), stackTable(report)];
      expect(titles).toEqual(tables.map(({ title }) => title));
      const rows = await tab.locator("tbody").evaluateAll((all) => all.map((one) => one.children.length));
      expect(rows).toEqual(tables.map(({ rows }) => rows.length));
      expect([requested, complaints]).toEqual([[url], []]);
    } finally {
      await browser.close();
      await rm(scratch, { recursive: true });
    }
  },
);

/** Texts of the picture that lie on another text or on a bar, or leave it. */
const covered = `(() => {
  const svg = document.querySelector("svg");
  const whole = svg.viewBox.baseVal;
  const parts = [...svg.querySelectorAll("text, .bar, .mark")].map((one) => ({ one, box: one.getBBox() }));
  const meet = (a, b) =>
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
  return parts.filter(({ one, box }) => one.tagName === "text" && (
    box.x < 0 || box.x + box.width > whole.width || box.y + box.height > whole.height ||
    parts.some((other) => other.one !== one && meet(box, other.box)))).map(({ one }) => one.textContent);
})()`;
