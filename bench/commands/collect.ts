import { Option, type Command } from "commander";
import { natural, number, positive } from "./arguments.ts";
import type { ArmSpec } from "../config/arm-schema.ts";
import type { Experiment } from "../config/experiment.ts";
import type { LoadedExperiment } from "../config/load-experiment.ts";
import { redoFailedEpisodes } from "../run/remaining-work.ts";
import { sectionOf } from "../config/section.ts";
import { ConfigError } from "../errors.ts";
import { readCollection } from "../export/collection.ts";
import { collectionTable } from "../export/collection-table.ts";
import { renderTable } from "../report/formats/terminal.ts";
import type { ReportModel } from "../report/model/report-model.ts";
import { readJudgedRun } from "../store/judgements.ts";
import { detach } from "./detached.ts";
import { collectionFoot, collectionHead } from "./end-screen.ts";
import { readExperiment } from "./experiment.ts";
import type { Host } from "./host.ts";
import { inVariant, variantOption, type VariantFlag } from "./in-variant.ts";
import { sections } from "./parts.ts";
import { runExperiment, runOptions, type RunFlags } from "./run-experiment.ts";
import { armKindOf } from "../stack/start/arm-kinds.ts";

interface CollectFlags extends RunFlags, VariantFlag {
  readonly arm?: string;
  readonly level: "L1" | "L2";
  readonly concurrency?: number;
  readonly tasks?: readonly string[];
  readonly trials?: number;
  readonly groupSize: number;
  readonly retryInfra: number;
  readonly minReward?: number;
}

/** Trajectories for training: one arm that records, one load, as many trials as are wanted. */
export function register(program: Command, host: Host): void {
  const command = program
    .command("collect <file>")
    .description(
      "collect trajectories with token ids and logprobs from the experiment's recording gateway; the last line printed is the run directory",
    )
    .option("--arm <name>", "the arm that records (default: the first gateway of the experiment)")
    .addOption(variantOption())
    .addOption(
      new Option("--level <level>", "what Tollgate's own gateway records, see `tollgate gateway --help`")
        .choices(["L1", "L2"])
        .default("L2"),
    )
    .option("--concurrency <n>", "episodes in flight (default: the experiment's largest)", positive)
    .option("--tasks <id...>", "task ids (default: the experiment's)")
    .option("--trials <n>", "groups of trials per task (default: the experiment's workload.trials)", positive)
    .option("--group-size <n>", "trials that form one group, for GRPO and the like", positive, 1)
    .option(
      "--retry-infra <n>",
      "try an episode again, with a new session, when a part failed; never when the agent did",
      natural,
      0,
    )
    .option("--min-reward <reward>", "count how many an export with this filter would keep", number)
    .option(
      "--resume <run>",
      "go on with a collection (path, name or @last); trajectories are kept, failed episodes tried again",
    );
  runOptions(command).action((file: string, flags: CollectFlags) =>
    flags.detach ? detach(file, flags, host) : collect(file, flags, host),
  );
}

/** A collection that was killed and resumed has every trajectory, and no times that anybody reads. Tokens must add up. */
export const collectionVerdicts: ReadonlySet<string> = new Set([
  "valid",
  "client-limited",
  "interrupted",
  "engine-died",
  "engine-restarted",
  "not-drained",
]);

async function collect(file: string, flags: CollectFlags, host: Host): Promise<void> {
  const whole = readExperiment(file, flags.set, host);
  const read = readExperiment(file, [...flags.set, ...settings(whole, flags)], host);
  const loaded = inVariant(read, flags, "collect");
  await runExperiment(host, {
    loaded,
    flags,
    redo: redoFailedEpisodes,
    // A collection has no use for a hole.
    lost: "repeat",
    usable: collectionVerdicts,
    show: (report, directory) =>
      collectionEnd(host, { ...flags, report, directory, gpus: gpusOf(loaded.experiment) }),
  });
}

/** What is printed at the end of a collection. */
export async function collectionEnd(
  host: Host,
  of: {
    readonly report: ReportModel;
    readonly directory: string;
    readonly groupSize: number;
    readonly minReward?: number;
    /** null where it is not known. */
    readonly gpus: number | null;
  },
): Promise<string> {
  const { report, directory, groupSize, minReward } = of;
  const collection = await readCollection(await readJudgedRun(directory), {
    rewardMin: minReward ?? null,
    groupSize,
  });
  const table = renderTable(
    collectionTable({ collection, report, gpus: of.gpus }),
    host.output.columns ?? 100,
  );
  const filter = minReward === undefined ? "" : ` --min-reward ${minReward}`;
  return [
    await collectionHead(host, report, { directory, usable: collectionVerdicts }),
    table,
    "",
    await collectionFoot(host, report, directory),
    `export with: tollgate export ${directory} --format parquet${filter} -o FOLDER`,
  ].join("\n");
}

/** The experiment as a collection, in the words of `--set`. */
function settings({ experiment, recorded, rawArms }: LoadedExperiment, flags: CollectFlags): string[] {
  const { variants } = recorded.sweep;
  const recording = recordingArm(experiment, flags);
  // As it was written, so that references to keys stay references.
  const raw = rawArms[experiment.arms.indexOf(recording)] as object | undefined;
  const arm = { ...(raw ?? recording), ...(recording.kind === "gateway" && { level: flags.level }) };
  const groups = flags.trials ?? experiment.workload.trials;
  const set = (path: string, value: unknown) => `${path}=${JSON.stringify(value)}`;
  return [
    set("arms", [arm]),
    set("sweep", {
      concurrency: [flags.concurrency ?? Math.max(...experiment.sweep.concurrency)],
      ...(variants !== undefined && { variants }),
    }),
    set("workload.trials", groups * flags.groupSize),
    ...(flags.tasks === undefined ? [] : [set(tasksKeyOf(experiment), { ids: flags.tasks })]),
    set("collect", { groupSize: flags.groupSize, retryInfra: flags.retryInfra }),
  ];
}

/** @throws {ConfigError} where the workload names its tasks in another way */
function tasksKeyOf({ workload }: Experiment): string {
  const { shape } = sectionOf(sections.workloads, workload).schema;
  if ("tasks" in shape) return "workload.tasks";
  throw new ConfigError(
    `--tasks is workload.tasks, and workload ${workload.kind} has no such key. Its keys are ${Object.keys(shape).join(", ")}: select its tasks by one of these, e.g. --set workload.KEY=VALUE.`,
  );
}

function recordingArm({ arms }: Experiment, flags: CollectFlags): ArmSpec {
  const recording = arms.filter((arm) => armKindOf(arm).records);
  const arm = flags.arm === undefined ? recording[0] : arms.find(({ name }) => name === flags.arm);
  if (arm === undefined || !recording.includes(arm)) {
    const names = recording.map(({ name }) => name).join(", ") || "none";
    throw new ConfigError(
      `${flags.arm === undefined ? "The experiment has no arm that records" : `Arm ${flags.arm} does not record calls`}. Arms that do: ${names}. Add \`{kind: gateway}\` to its arms.`,
    );
  }
  return arm;
}

/** null where the experiment does not place its servers: an attached server's GPUs are not known. */
export function gpusOf({ stack }: Experiment): number | null {
  if (stack.kind === "docker") return stack.agent.gpus.length + stack.user.gpus.length;
  if (stack.kind !== "process") return null;
  const lists = [stack.agent, stack.user].map((role) => (role.kind === "simulator" ? [] : role.gpus));
  return lists.some((gpus) => gpus === undefined) ? null : lists.flat().length;
}
