import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildReport } from "../../../bench/report/build-report.ts";
import type { ReportModel } from "../../../bench/report/model/report-model.ts";
import { buildStoredReplay } from "../../../bench/report/rebuild.ts";
import { onOneScreen, type Part } from "../../../bench/report/screen/layout.ts";
import { replayScreen } from "../../../bench/report/screen/replay-screen.ts";
import { lineText } from "../../../bench/report/screen/styled-text.ts";
import { sweepScreen, type Ending } from "../../../bench/report/screen/sweep-screen.ts";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";
import { unpack } from "../../pack/unpacked.ts";

const archives = join(import.meta.dirname, "../../fixtures/stored-runs");
const folder = new TemporaryFolder();
const directories = new Map<string, string>();
beforeAll(async () => {
  for (const name of ["sweep", "dirty", "openclaw", "replay"]) {
    const place = join(folder.path, name);
    await unpack(join(archives, `${name}.tar.zst`), place);
    directories.set(name, join(place, readdirSync(place)[0] ?? ""));
  }
});
afterAll(() => folder[Symbol.dispose]());

const ending: Ending = { seconds: 52, next: null, places: { page: "runs/x/report/report.html", run: "x" } };
const textOf = (parts: readonly Part[], columns: number, colour = false) =>
  onOneScreen(parts, columns).map((line) => lineText(line, colour));
const reportOf = (name: string): Promise<ReportModel> => buildReport(directories.get(name) ?? "");

describe("the last screen of a sweep", () => {
  test.each(["sweep", "openclaw"])(
    "%s: 33 lines at most, with three arms and a floor, none wider than the terminal",
    async (name) => {
      const report = await reportOf(name);
      for (const columns of [60, 80, 100, 120, 200]) {
        const lines = textOf(sweepScreen(report, ending), columns);
        expect(lines.filter((line) => line.length > columns)).toEqual([]);
        expect(lines.length).toBeLessThanOrEqual(columns >= 80 ? 33 : 52);
      }
    },
  );

  test("one load of two arms: 24 lines, also where this machine was too busy for it and the data is not whole", async () => {
    const report = await reportOf("openclaw");
    const [load] = report.overheads.map((one) => one.load);
    const cells = report.cells
      .filter((cell) => cell.load === load && cell.arm !== "proxy")
      .map((cell) => ({
        ...cell,
        verdict: "client-limited" as const,
        reasons: [
          {
            verdict: "client-limited" as const,
            detail: "driver: its event loop ran 1000 ms late at p99 (limit 50 ms)",
          },
        ],
      }));
    const small: ReportModel = {
      ...report,
      cells,
      overheads: report.overheads.filter((one) => one.load === load && one.arm !== "proxy"),
    };
    const lines = textOf(sweepScreen(small, ending), 80);
    expect(lines.length).toBeLessThanOrEqual(24);
  });

  test("with a null proxy: what of it any proxy costs, and what is the gateway's own, each with an interval", async () => {
    const report = await reportOf("sweep");
    const lines = textOf(sweepScreen(report, ending), 80);
    const interval = String.raw`[-+]?[\d.]+ \[[-+]?[\d.]+, [-+]?[\d.]+\]`;
    const first = `(?:${interval}|not comparable)`;
    const row = (name: string, end = "") => new RegExp(`${name} +${first} +${interval}${end}`);
    const text = lines.join("\n");
    expect(text).toMatch(row("gateway", " +(slower|faster|cannot tell)"));
    expect(text).toMatch(row("· any proxy"));
    expect(text).toMatch(row("· its own", " +(slower|faster|cannot tell)"));
    expect(text).toMatch(/A\/A floor {2}raw differs from itself by up to [\d.]+ \/ [\d.]+ ms at 1 \/ 3/);
    // gateway - raw = (proxy - raw) + (gateway - proxy), over the same tasks.
    for (const { arm, load, pathMs, aboveProxy } of report.overheads) {
      if (aboveProxy === undefined) continue;
      const proxy = report.overheads.find((one) => one.arm === aboveProxy.proxy && one.load === load);
      const [whole, any, own] = [pathMs, proxy?.pathMs, aboveProxy].map((of) => of?.whole.difference);
      expect([arm, whole?.count]).toEqual([arm, own?.count]);
      expect(own?.value).toBeCloseTo((whole?.value ?? 0) - (any?.value ?? 0), 6);
    }
  });

  test("with limits: what each arm holds stands in its row, and no row is broken at 80 columns", async () => {
    const report = await reportOf("sweep");
    const findings = ["met", "missed", "cannot-tell"] as const;
    const cells = report.cells.map(({ cellId, arm, load, rates }, at) => ({
      cellId,
      arm,
      load,
      finding: findings[at % 3] ?? "met",
      why: null,
      objectives: [],
      goodput: rates.episodesPerMinute,
      episodesPerMinute: rates.episodesPerMinute,
      inFlight: null,
      doubt: null,
    }));
    const slo = { limits: [{ name: "ttft_p95", text: "2s" }], cells };
    const lines = textOf(sweepScreen({ ...report, slo }, ending), 80);
    const head = lines.findIndex((line) => line.startsWith("Service"));
    expect(lines[head]).toMatch(/ SLO$/);
    const arms = [...new Set(report.cells.map(({ arm }) => arm))];
    const rows = lines.slice(head + 1, head + 1 + arms.length);
    expect(rows.map((row) => row.trim().split(" ")[0])).toEqual(arms);
    for (const row of rows) expect(row).toMatch(/(met|missed|cannot tell)$/);
  });

  test("episodes without a reward are counted where the rates stand that they are not in", async () => {
    const report = await reportOf("sweep");
    const cells = report.cells.map((cell, at) =>
      at > 0 ? cell : { ...cell, episodes: { ...cell.episodes, unjudged: 2 } },
    );
    const said = (of: ReportModel) => textOf(sweepScreen(of, ending), 120).join("\n");
    const finished = cells.reduce((sum, { episodes }) => sum + episodes.finished, 0);
    expect(said({ ...report, cells })).toContain(`2 of ${finished} episodes have no reward`);
    expect(said(report)).not.toContain("have no reward");
  });

  test("without a null proxy nothing is said of one, and without a second arm nothing of a difference", async () => {
    const report = await reportOf("openclaw");
    expect(textOf(sweepScreen(report, ending), 80).join("\n")).not.toMatch(/any proxy|its own/);
    const alone = { ...report, overheads: [] };
    expect(textOf(sweepScreen(alone, ending), 80).join("\n")).not.toMatch(/adds on the way|Episodes +arm/);
  });

  test("cells that cannot be used: said before any number, and no number of them", async () => {
    const lines = textOf(sweepScreen(await reportOf("dirty"), ending), 80);
    const at = (wanted: RegExp) => lines.findIndex((line) => wanted.test(line));
    expect(at(/^NOT USABLE/)).toBeGreaterThan(0);
    expect(at(/^NOT USABLE/)).toBeLessThan(at(/adds on the way/));
    expect(at(/What to do/)).toBeGreaterThan(at(/^NOT USABLE/));
    expect(lines.filter((line) => /^ {2}(raw|gateway) .*\d\.\d/.test(line))).toEqual([]);
  });

  test("a run that was stopped: the command that goes on, on a line of its own however narrow", async () => {
    const report = await reportOf("openclaw");
    const stopped = { ...report, run: { ...report.run, state: "interrupted" } };
    const next = {
      why: "go on",
      command: "tollgate resume /a/folder/with/a/name/that/is/long/laptop-20260101T120000Z",
    };
    const lines = textOf(sweepScreen(stopped, { ...ending, next }), 40);
    expect(lines[0]).toMatch(/interrupted/);
    expect(lines).toContain(`Go on    ${next.command}`);
  });

  test("a colour never says anything that the words do not", async () => {
    const parts = sweepScreen(await reportOf("sweep"), ending);
    const coloured = textOf(parts, 80, true);
    expect(coloured.join("\n")).toContain("\u001b[");
    // eslint-disable-next-line no-control-regex
    expect(coloured.map((line) => line.replaceAll(/\u001b\[\d+m/g, "").trimEnd())).toEqual(textOf(parts, 80));
  });
});

test("the last screen of a replay: the difference, what of it any proxy costs, and the floor", async () => {
  const report = await buildStoredReplay(directories.get("replay") ?? "");
  const lines = textOf(replayScreen(report, ending), 80);
  expect(lines.length).toBeLessThanOrEqual(26);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  const text = lines.join("\n");
  expect(text).toMatch(/A\/A floor +[-+]/);
  const placebo = report.plan.arms.some(({ part }) => part === "placebo");
  expect(/any proxy +[-+]/.test(text)).toBe(placebo);
  for (const own of report.aboveProxy ?? []) {
    const of = (label: string) =>
      report.comparisons.find(({ setting, arm }) => setting.key === own.setting && arm.label === label)
        ?.metrics.e2e;
    const [whole, any] = [of(own.arm), of(own.proxy)];
    // Pairs that one comparison leaves out and another does not make a small difference.
    expect(own.e2e.interval?.estimate).toBeCloseTo(
      (whole?.interval?.estimate ?? 0) - (any?.interval?.estimate ?? 0),
      0,
    );
  }
});

test.each([
  { floorMs: 0.1, finding: "slower" },
  { floorMs: 60, finding: "within A/A" },
])(
  "a difference of 50 ms of an arm whose baseline differs from itself by $floorMs ms: $finding",
  async ({ floorMs, finding }) => {
    const report = await buildStoredReplay(directories.get("replay") ?? "");
    const comparisons = report.comparisons.map((comparison) => {
      const { part } = comparison.arm;
      const { e2e } = comparison.metrics;
      const [low, high] = part === "again" ? [-floorMs, floorMs] : [45, 55];
      const interval =
        e2e.interval === null ? null : { ...e2e.interval, low, high, estimate: (low + high) / 2 };
      return { ...comparison, metrics: { ...comparison.metrics, e2e: { ...e2e, margin: null, interval } } };
    });
    const lines = textOf(replayScreen({ ...report, comparisons }, ending), 80);
    const compared = comparisons.find(({ arm }) => arm.part === "compared")?.arm.label ?? "";
    const row = lines.find((line) => line.includes(` ${compared} `) && line.includes("[+45"));
    expect(row).toMatch(new RegExp(`${finding}$`));
  },
);
