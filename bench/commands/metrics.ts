import { Option, type Command } from "commander";
import { ConfigError } from "../errors.ts";
import { seconds } from "./arguments.ts";
import { systemClock } from "../measure/clock.ts";
import {
  analyzeCommand,
  diffCommand,
  monitorCommand,
  snapshotCommand,
  type MetricsHost,
  type MetricsOutcome,
} from "../metrics/commands.ts";
import type { Host } from "./host.ts";

export function register(program: Command, host: Host): void {
  const metrics = program
    .command("metrics")
    .description("read, compare and watch a server's Prometheus metrics");
  const deliver = async (outcome: Promise<MetricsOutcome>) => {
    const { stdout, exitCode } = await outcome;
    if (stdout !== "") host.print(stdout);
    host.setExitCode(exitCode);
  };

  metrics
    .command("snapshot <url>")
    .description("one scrape; with -o X.prom the verbatim page, else JSON with the time it was taken")
    .option("-o, --out <file>", "write here instead of standard output")
    .addOption(keyOption())
    .action((url: string, { out, ...key }: { readonly out?: string } & KeyFlag) =>
      deliver(snapshotCommand({ url, ...(out && { out }) }, metricsHost(host, key))),
    );

  metrics
    .command("diff <pre> <post>")
    .description(
      "what happened between two snapshots: tokens, requests, throughput, latencies; absent is null, never 0",
    )
    .option("--wall-clock <time>", "time between the two: 60, 60s, 5m; JSON snapshots know it", seconds)
    .option("-o, --out <file>", "write here instead of standard output")
    .action((pre: string, post: string, flags: { readonly wallClock?: number; readonly out?: string }) =>
      deliver(
        diffCommand({
          pre,
          post,
          ...(flags.wallClock !== undefined && { wallClockS: flags.wallClock }),
          ...(flags.out && { out: flags.out }),
        }),
      ),
    );

  metrics
    .command("monitor <url>")
    .description("scrape at an interval into a CSV until the duration is over or Ctrl-C")
    .requiredOption("-o, --out <csv>", "the CSV file")
    .option("-i, --interval <time>", "time between scrapes: 5, 5s, 500ms, 1m", seconds, 5)
    .option("--duration <time>", "stop after this time: 600, 90s, 10m, 2h", seconds)
    .addOption(keyOption())
    .action(
      (
        url: string,
        flags: { readonly out: string; readonly interval: number; readonly duration?: number } & KeyFlag,
      ) =>
        deliver(
          monitorCommand(
            {
              url,
              out: flags.out,
              intervalS: flags.interval,
              ...(flags.duration !== undefined && { durationS: flags.duration }),
            },
            metricsHost(host, flags),
          ),
        ),
    );

  metrics
    .command("analyze <csv>")
    .description("percentiles of a monitor's CSV; rows without a reading are left out and counted")
    .option("-o, --out <file>", "write here instead of standard output")
    .action((csv: string, { out }: { readonly out?: string }) =>
      deliver(analyzeCommand({ csv, ...(out && { out }) })),
    );
}

interface KeyFlag {
  readonly apiKeyEnv?: string;
}

function keyOption(): Option {
  return new Option("--api-key-env <name>", "environment variable with the key that the page wants");
}

function metricsHost(host: Host, { apiKeyEnv }: KeyFlag): MetricsHost {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const shared = { clock: systemClock, signal: stop.signal, warn: host.tell };
  if (apiKeyEnv === undefined) return shared;
  const key = host.environment[apiKeyEnv];
  if (!key) {
    throw new ConfigError(
      `--api-key-env names the environment variable ${apiKeyEnv}, which is empty or not set. Export it.`,
    );
  }
  return { ...shared, headers: { authorization: `Bearer ${key}` }, keyName: apiKeyEnv };
}
