import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { number } from "./arguments.ts";
import { storedDomain } from "../../openclaw-tau2/offline/stored-domain.ts";
import { ConfigError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { exportBenchmarks } from "../export/benchmarks/export-benchmarks.ts";
import type { Manifest } from "../export/manifest.ts";
import { exportFormats, exportRun } from "../export/export-run.ts";
import { exportTasks } from "../../suites/tasks/export/export-tasks.ts";
import type { TasksManifest } from "../../suites/tasks/export/tasks-manifest.ts";
import { taskFormats } from "../../suites/tasks/loading.ts";
import type { TaskFormat } from "../../suites/tasks/contract/loaded-suite.ts";
import { exportRows } from "../export/rows/export-rows.ts";
import type { Selection } from "../export/selection.ts";
import { otlpProtocols, type OtlpProtocol } from "../otlp/collector.ts";
import { sequenceStyles, type SequenceStyle } from "../tokens/token-sequences.ts";
import { readRunJson } from "../store/read-run.ts";
import { exportSpans } from "./export-spans.ts";
import { findEpisodes, findMeasured, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";
import { writingTo } from "./write-result.ts";

/** Everything of a run for trainers, notebooks and other tools. */
export function register(program: Command, host: Host): void {
  program
    .command("export <run>")
    .description(
      "write a run's trajectories for trainers and other tools, or its requests as tables or traces, with a manifest of what is in and what is not",
    )
    .addOption(
      new Option(
        "--format <format>",
        "jsonl: everything; areal: AReaL's tensors; atif: Harbor, a file per episode; sft: passed chats; parquet: a row per token sequence; requests: a row per model call and per episode, as CSV and Parquet; otlp: traces for OpenTelemetry; agentbench, clawbench: of tasks in a workspace, what those harnesses write themselves; benchmarks: scores with method, errors and costs as pages to publish, CSV and JSON",
      )
        .choices([...exportFormats, "requests", "otlp", "benchmarks", ...taskFormats])
        .default("jsonl"),
    )
    .option("-o, --out <folder>", "a new or empty folder")
    .addOption(
      new Option(
        "--style <style>",
        "token sequences: concat = one per conversation, as far as it went on token for token; individual = one per model call",
      )
        .choices(sequenceStyles)
        .default("concat"),
    )
    .option("--discount <factor>", "of a later call's return in an earlier one's", number, 1)
    .option("--arm <name...>", "only these arms")
    .option("--domain <name...>", "only these domains")
    .option("--status <status...>", "only these: completed, timed-out; in tables failed, too")
    .option("--min-reward <reward>", "only judged episodes with at least this reward", number)
    .option("--split <name>", "only tasks of this split in tau2's split_tasks.json, e.g. train or test")
    .addOption(runsOption())
    .option(
      "--verify-template <folder>",
      "sft: render each line through this model folder's chat template and tokenizer, and keep what is as the model wrote it, by the recorded token ids or, without them, by text",
    )
    .option(
      "--quoted <file>",
      "benchmarks: JSON list of figures that others published, with their sources; printed as quoted, apart from what was measured",
    )
    .option("--dedup", "leave out what repeats an earlier conversation of the same task")
    .option(
      "--endpoint <url>",
      "otlp: send the traces to this OTLP/HTTP receiver, e.g. http://127.0.0.1:4318 (headers: OTEL_EXPORTER_OTLP_HEADERS)",
    )
    .addOption(
      new Option("--protocol <protocol>", "otlp: form of what is sent (default: http/protobuf)").choices(
        otlpProtocols,
      ),
    )
    .option(
      "--strict",
      "agentbench, clawbench: refuse results of which the agent under test has scored a part itself, and call the others externally verified",
    )
    .action((run: string, flags: ExportFlags) => exported(run, flags, host));
}

async function exported(run: string, flags: ExportFlags, host: Host): Promise<void> {
  refuseIdleFlags(flags);
  if (flags.format === "otlp") {
    const directory = await findEpisodes(host, run, flags);
    await exportSpans({ directory, selection: await selectionOf(directory, flags, host) }, flags, host);
    return;
  }
  if (flags.out === undefined)
    throw new ConfigError(`--format ${flags.format} writes files: give -o a new or empty folder.`);
  const out = resolve(host.workingDirectory, flags.out);
  if (flags.format === "benchmarks") {
    const directory = await findMeasured(host, run, flags);
    const quoted = flags.quoted === undefined ? null : resolve(host.workingDirectory, flags.quoted);
    const options = { out, quoted, arms: flags.arm ?? [] };
    const manifest = await writingTo(out, () => exportBenchmarks(directory, options));
    for (const warning of manifest.warnings) host.tell(`warning: ${warning}`);
    host.print(JSON.stringify(manifest, null, 2));
    return;
  }
  if (flags.format === "requests") {
    const directory = await findMeasured(host, run, flags);
    const selection = await selectionOf(directory, flags, host);
    const manifest = await writingTo(out, () => exportRows(directory, { out, selection }));
    for (const { reason, count } of manifest.exclusions) host.tell(`left out: ${count} ${reason}`);
    for (const warning of manifest.warnings) host.tell(`warning: ${warning}`);
    host.print(JSON.stringify(manifest, null, 2));
    return;
  }
  const directory = await findEpisodes(host, run, flags);
  const format = taskFormats.find((name) => name === flags.format);
  if (format !== undefined) return await exportResults(directory, { format, flags, out }, host);
  await exportTrajectories(directory, { flags, out }, host);
}

/** What the harnesses write whose tasks these are. Exit code 1 where not one attempt has a score. */
async function exportResults(
  directory: string,
  { format, flags, out }: { readonly format: TaskFormat; readonly flags: ExportFlags; readonly out: string },
  host: Host,
): Promise<void> {
  const options = { format, out, strict: flags.strict === true, arms: flags.arm ?? [] };
  const manifest: TasksManifest = await writingTo(out, () => exportTasks(directory, options));
  for (const why of manifest.leftOut) host.tell(`left out: ${why}`);
  for (const warning of manifest.warnings) host.tell(`warning: ${warning}`);
  host.print(JSON.stringify(manifest, null, 2));
  if (manifest.results.every(({ scoredTasks }) => scoredTasks === 0))
    host.setExitCode(exitCodes.resultInvalid);
}

async function exportTrajectories(
  directory: string,
  { flags, out }: { readonly flags: ExportFlags; readonly out: string },
  host: Host,
): Promise<void> {
  const options = {
    format: flags.format,
    out,
    ...(flags.verifyTemplate === undefined
      ? {}
      : { verifyTemplate: resolve(host.workingDirectory, flags.verifyTemplate) }),
    settings: { style: flags.style, discount: flags.discount },
    selection: { ...(await selectionOf(directory, flags, host)), dedup: flags.dedup === true },
  };
  const manifest = await writingTo(out, () => exportRun(directory, options));
  for (const { reason, count, first } of manifest.exclusions)
    host.tell(`left out: ${count} ${reason}${first === undefined ? "" : ` (first: ${first.detail})`}`);
  tellVerification(manifest, host);
  host.print(JSON.stringify(manifest, null, 2));
}

/** A flag that would say nothing to this format is somebody's mistake. */
function refuseIdleFlags(flags: ExportFlags): void {
  const { format } = flags;
  const rows = format === "requests" || format === "otlp";
  const results = taskFormats.some((name) => name === format);
  const pages = format === "benchmarks";
  const idle = [
    ...((rows || results || pages) && flags.dedup ? ["--dedup"] : []),
    ...((rows || results || pages) && flags.verifyTemplate !== undefined ? ["--verify-template"] : []),
    ...(results || pages ? ofTrajectories(flags) : []),
    ...(!results && flags.strict ? ["--strict"] : []),
    ...(!pages && flags.quoted !== undefined ? ["--quoted"] : []),
    ...(format !== "otlp" && flags.endpoint !== undefined ? ["--endpoint"] : []),
    ...(format !== "otlp" && flags.protocol !== undefined ? ["--protocol"] : []),
  ];
  if (idle.length > 0) throw new ConfigError(`${idle.join(" and ")} says nothing to --format ${format}.`);
}

/** Results are of whole trials: a part of the tasks would be another benchmark. */
function ofTrajectories({ domain, status, minReward, split }: ExportFlags): readonly string[] {
  const given = { "--domain": domain, "--status": status, "--min-reward": minReward, "--split": split };
  return Object.entries(given).flatMap(([flag, value]) => (value === undefined ? [] : [flag]));
}

async function selectionOf(
  directory: string,
  flags: ExportFlags,
  host: Host,
): Promise<Omit<Selection, "dedup">> {
  return {
    arms: flags.arm ?? [],
    domains: flags.domain ?? [],
    statuses: flags.status ?? [],
    rewardMin: flags.minReward ?? null,
    split: flags.split === undefined ? null : await splitOf(directory, flags.split, host),
  };
}

/** Exit code 1 where not one conversation could be verified: the file is empty, whatever the reason. */
function tellVerification({ verification }: Manifest, host: Host): void {
  if (verification === undefined) return;
  const { checked, verified, byTokens, byText, lines } = verification;
  host.tell(
    `verified ${verified} of ${checked} conversations: ${byTokens} by token ids, ${byText} by text; lines: ${lines}`,
  );
  if (verified === 0) host.setExitCode(exitCodes.resultInvalid);
}

interface ExportFlags extends RunsFlag {
  readonly format: string;
  readonly out?: string;
  readonly style: SequenceStyle;
  readonly discount: number;
  readonly arm?: readonly string[];
  readonly domain?: readonly string[];
  readonly status?: readonly string[];
  readonly minReward?: number;
  readonly split?: string;
  readonly dedup?: boolean;
  readonly strict?: boolean;
  readonly quoted?: string;
  readonly verifyTemplate?: string;
  readonly endpoint?: string;
  readonly protocol?: OtlpProtocol;
}

/** The tasks of a split, read from the data that the run used. */
async function splitOf(directory: string, name: string, host: Host): Promise<Selection["split"]> {
  const { domain } = storedDomain(await readRunJson(directory), host.environment);
  const tasks = domain.splits.get(name);
  if (tasks !== undefined) return { name, tasks: new Set(tasks) };
  const known = [...domain.splits.keys()].join(", ") || "none";
  throw new ConfigError(`Domain ${domain.name} has no split ${name}. Its splits: ${known}.`);
}
