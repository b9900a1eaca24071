import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ReportModel } from "../../bench/report/model/report-model.ts";
import { fastEngine, lastLine, sound, Workplace } from "./small-experiment.ts";
import { cellSummaries, episodesOf, expectExit, readRecords, tollgate } from "./tollgate-process.ts";

const engine = { ...fastEngine, decodeStepMs: 6 };
const variants = { standard: {}, fast: { decodeStepMs: 0.2 } };

test("two speeds of one engine: cells, records, evidence and differences by variant", async () => {
  using place = new Workplace({
    stack: { kind: "embedded", agent: engine, user: fastEngine },
    arms: [{ kind: "raw" }],
    workload: { domain: "library", tasks: { count: 5 } },
    sweep: { concurrency: [2], variants },
  });
  const sweep = await place.sweep();
  expectExit(sweep, 0);
  const run = lastLine(sweep);
  const cells = cellSummaries(run);
  expect(Object.keys(cells)).toEqual(["c2-r0-standard--raw", "c2-r0-fast--raw"]);
  expect(cells).toMatchObject({
    "c2-r0-standard--raw": { variant: "standard", arm: "raw", verdict: sound },
    "c2-r0-fast--raw": { variant: "fast", arm: "raw", verdict: sound },
  });
  expect(episodesOf(run).map(({ variant, reward }) => [variant, reward])).toEqual([
    ...Array.from({ length: 5 }, () => ["standard", 1]),
    ...Array.from({ length: 5 }, () => ["fast", 1]),
  ]);
  const server = (name: string) =>
    JSON.parse(readFileSync(join(run, "evidence", "servers", name), "utf8")) as object;
  expect(server("agent--standard.json")).toMatchObject({ variant: "standard", simulated: true });
  expect(server("agent--fast.json")).toMatchObject({ variant: "fast" });
  expect(server("user.json")).not.toHaveProperty("variant");

  const report = JSON.parse(readFileSync(join(run, "report", "report.json"), "utf8")) as ReportModel;
  expect(report.variants).toMatchObject({
    baseline: "standard",
    comparisons: [{ variant: "fast", refused: null }],
  });
  const of = (name: string) =>
    report.variants?.comparisons[0]?.quantities.find(({ quantity }) => quantity === name);
  expect(of("reward")).toMatchObject({ baselineValue: 1, value: 1, difference: { value: 0 }, units: 5 });
  // Six milliseconds a token against a fifth of one: an interval over five tasks leaves 0 out.
  expect(of("episode_s")?.difference?.high).toBeLessThan(0);
  expect(of("output_tokens_per_s")?.difference?.value).toBeGreaterThan(0);
  expect(sweep.stdout).toContain("Engine configurations against standard");
  expect(readFileSync(join(run, "report", "cells.csv"), "utf8")).toMatch(/,fast(,|\n)/);

  const compared = await tollgate(["compare", run, run, "--json"]);
  expectExit(compared, 0);
  const { quantities, unpaired } = JSON.parse(compared.stdout) as {
    readonly quantities: readonly {
      readonly variant?: string;
      readonly difference: { readonly value: number } | null;
    }[];
    readonly unpaired: readonly string[];
  };
  expect(unpaired).toEqual([]);
  expect(new Set(quantities.map(({ variant }) => variant))).toEqual(new Set(["standard", "fast"]));
  for (const { difference } of quantities) expect(difference?.value ?? 0).toBe(0);

  const again = await place.sweep("--resume", run);
  expectExit(again, 0);
  expect(again.stderr).toContain("nothing is left to do");
  expect(readRecords(run).filter(({ type }) => type === "segment-started")).toHaveLength(2);
});

test("a command that measures one configuration asks which, and takes the one that it is told", async () => {
  using place = new Workplace({ sweep: { concurrency: [2], variants, slo: { ttft_p95: "9s" } } });
  const run = (...words: readonly string[]) => tollgate([...words, "--out", place.runs], place.environment);
  for (const command of ["capacity", "collect"]) {
    const asked = await run(command, place.file);
    expectExit(asked, 2);
    expect(asked.stderr).toContain(
      `variants (standard, fast), and \`${command}\` measures one configuration`,
    );
    const unknown = await run(command, place.file, "--variant", "fats");
    expectExit(unknown, 2);
    expect(unknown.stderr).toContain("has the variants standard, fast");
  }
  const collected = await run("collect", place.file, "--variant", "fast");
  expectExit(collected, 0);
  const { resolved, cells } = JSON.parse(readFileSync(join(lastLine(collected), "run.json"), "utf8")) as {
    readonly resolved: { readonly stack: unknown; readonly sweep: unknown };
    readonly cells: readonly { readonly cellId: string }[];
  };
  expect(resolved.stack).toMatchObject({ agent: { decodeStepMs: 0.2 } });
  expect(resolved.sweep).not.toHaveProperty("variants");
  expect(cells.map(({ cellId }) => cellId)).toEqual(["c2-r0-gateway"]);
});
