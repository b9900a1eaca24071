#!/usr/bin/env node
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { z } from "zod";
import { messageOf } from "../bench/errors.ts";
import {
  gatewayTable,
  replayReportSchema,
  sweepReportSchema,
  versionSchema,
  type GatewayFacts,
} from "./benchmark/gateway-rows.ts";

const usage = `usage: node scripts/gateway-table.ts [--out FOLDER] [--repetitions N] [--load closed:1,closed:4] [--arms A,B]
       node scripts/gateway-table.ts --sweep RUN --replay RUN
Sweeps experiments/gateways.yaml once at each load (what every gateway does to requests and answers), sends the requests again
through every arm in turn, N blocks at each load (what it costs), and prints both as a Markdown table. With --sweep and --replay it
prints the table of runs that are there. It takes the variables that the head of experiments/gateways.yaml names.`;

const root = resolve(import.meta.dirname, "..");
const experiment = join(root, "experiments", "gateways.yaml");
const options = {
  out: { type: "string", default: "runs" },
  repetitions: { type: "string", default: "8" },
  load: { type: "string", default: "closed:1,closed:4" },
  arms: { type: "string", default: "raw,gateway,nginx,caddy,portkey,litellm" },
  sweep: { type: "string" },
  replay: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

try {
  const { values } = parseArgs({ options });
  if (values.help) console.log(usage);
  else await run(values);
} catch (thrown) {
  console.error(`${messageOf(thrown)}\n\n${usage}`);
  process.exitCode = 2;
}

interface Asked {
  readonly out: string;
  readonly repetitions: string;
  readonly load: string;
  readonly arms: string;
  readonly sweep?: string | undefined;
  readonly replay?: string | undefined;
}

async function run({ out, repetitions, load, arms, ...runs }: Asked): Promise<void> {
  const sweep =
    runs.sweep ?? (await tollgate("sweep", experiment, "--set", "sweep.repetitions=1", "--out", out));
  const again = ["--arms", arms, "--load", load, "--repetitions", repetitions, "--out", out];
  const replay = runs.replay ?? (await tollgate("replay", sweep, ...again));
  const facts: GatewayFacts = {
    replay: reportOf(replay, replayReportSchema),
    fidelity: reportOf(sweep, sweepReportSchema).cells.flatMap(({ fidelity }) => fidelity ?? []),
    versions: versionsOf(replay),
  };
  const { createdAt, machine, simulated, verdict, plan } = facts.replay;
  const head = [
    `${createdAt.slice(0, 10)}, ${machine}, Node ${process.versions.node}; ${simulated ? "simulated" : "real"} engine;`,
    `${plan.blocks} blocks of ${plan.requests} requests, each arm twice in a block; replay ${verdict};`,
    "ms a request, arm minus raw, 95 % interval.",
  ];
  console.log(`${head.join(" ")}\n\n${gatewayTable(facts)}`);
}

/** The run directory that the command printed last. @throws Error when it failed; a verdict that is not valid (1) is printed */
async function tollgate(...words: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [join(root, "bench", "main.ts"), ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) chunks.push(chunk);
  const code = child.exitCode ?? (await new Promise((done) => child.once("exit", done)));
  const directory = Buffer.concat(chunks).toString("utf8").trimEnd().split("\n").at(-1) ?? "";
  if (code !== 0 && code !== 1)
    throw new Error(`tollgate ${words[0] ?? ""} ended with exit code ${String(code)}`);
  return directory;
}

function reportOf<Schema extends z.ZodType>(run: string, schema: Schema): z.infer<Schema> {
  return schema.parse(JSON.parse(readFileSync(join(run, "report", "report.json"), "utf8")));
}

function versionsOf(run: string): Record<string, string> {
  const servers = join(run, "evidence", "servers");
  const files = readdirSync(servers).filter((name) => /^arm-.*\.json$/.test(name));
  return Object.fromEntries(
    files.flatMap((name) => {
      const { arm, version } = versionSchema.parse(JSON.parse(readFileSync(join(servers, name), "utf8")));
      return version === null ? [] : [[arm, version.replace(/^.*\bversion:? /, "")]];
    }),
  );
}
