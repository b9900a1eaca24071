#!/usr/bin/env node
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { messageOf } from "../bench/errors.ts";
import { measured } from "./benchmark/machine.ts";
import type { Workbench } from "./benchmark/measurement.ts";
import { comparePeers } from "./benchmark/peers/compare-peers.ts";
import { autocannonPeer, heyPeer, wrkPeer } from "./benchmark/peers/http-peers.ts";
import { peerText } from "./benchmark/peers/peer-table.ts";
import type { MissingPeer, Peer } from "./benchmark/peers/peer.ts";
import { aiperfPeer, inferenceXPeer } from "./benchmark/peers/python-peers.ts";
import { tollgatePeer } from "./benchmark/peers/tollgate-peer.ts";

/** Tollgate's load generator beside others, in one run, against the same servers. Asserts nothing. */
const usage = `usage: node scripts/peer-benchmark.ts [--quick] [--json] [--only NAME]... [--autocannon FILE] [--wrk FILE]
         [--hey FILE] [--inferencex FOLDER --python FILE] [--aiperf FILE]
  --quick       one round and short runs; else three rounds, about ten minutes with Python tools
  --only NAME   only generators whose names begin so; may be repeated
  --json        print JSON
Generators are taken from PATH, or from where the flags say. What is not found is listed as not run, with how to get it.
example: node scripts/peer-benchmark.ts --inferencex InferenceX/utils/bench_serving --python venv/bin/python`;

const flags = readFlags();
if (flags !== null) await run(flags);

type Flags = NonNullable<ReturnType<typeof readFlags>>;

async function run(flags: Flags): Promise<void> {
  const given = { quick: flags.quick, environment: process.env };
  const report = await measured(given, async (bench) => {
    const found = await findPeers(flags, await tokenizerFolder(bench));
    const chosen = found.filter(
      ({ name }) => flags.only.length === 0 || flags.only.some((prefix) => name.startsWith(prefix)),
    );
    const peers = chosen.filter((one): one is Peer => "command" in one);
    const outcome = await comparePeers(bench, peers, (line) => console.error(line));
    return { ...outcome, missing: chosen.filter((one): one is MissingPeer => "why" in one) };
  });
  console.log(flags.json ? JSON.stringify(report, null, 2) : peerText(report));
}

async function findPeers(flags: Flags, folder: string): Promise<readonly (Peer | MissingPeer)[]> {
  const tokenizer = { folder };
  const others = await Promise.all([
    autocannonPeer(flags.autocannon),
    wrkPeer(flags.wrk),
    heyPeer(flags.hey),
    inferenceXPeer({ folder: flags.inferencex, python: flags.python }, tokenizer),
    aiperfPeer(flags.aiperf, tokenizer),
  ]);
  return [tollgatePeer, ...others];
}

/** The simulator's tokenizer in the form that Python tools load without network. */
async function tokenizerFolder({ root, scratch }: Workbench): Promise<string> {
  const folder = join(scratch, "tokenizer");
  await mkdir(folder);
  for (const name of ["tokenizer.json", "tokenizer_config.json"])
    await copyFile(join(root, "bench", "simulator", "model", name), join(folder, name));
  await writeFile(join(folder, "config.json"), JSON.stringify({ model_type: "qwen2" }));
  return folder;
}

/** null when there is nothing to run. */
function readFlags() {
  const flag = { type: "boolean", default: false } as const;
  const file = (name: string) => ({ type: "string", default: name }) as const;
  const options = {
    quick: flag,
    json: flag,
    help: flag,
    only: { type: "string", multiple: true, default: [] as string[] },
    autocannon: file("autocannon"),
    wrk: file("wrk"),
    hey: file("hey"),
    aiperf: file("aiperf"),
    python: file("python3"),
    inferencex: { type: "string" },
  } as const;
  try {
    const { values } = parseArgs({ options });
    const { help, inferencex = null, ...rest } = values;
    if (!help) return { ...rest, inferencex: inferencex === null ? null : resolve(inferencex) };
    console.log(usage);
  } catch (error) {
    console.error(`${messageOf(error)}\n${usage}`);
    process.exitCode = 2;
  }
  return null;
}
