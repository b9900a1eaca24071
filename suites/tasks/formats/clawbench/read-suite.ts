import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import type { TaskInput, WorkspaceTask } from "../../contract/task.ts";
import { programsOf } from "../programs.ts";
import { filesWithin, inputsIn, kindWithin, type ReadSuite, type ReadTask } from "../suite-folder.ts";
import { readTaskFile, readWith, unusable, type TaskFile } from "../task-file.ts";
import { profileOf } from "./profile.ts";
import { manifestSchema, taskSchema, type ClawBenchFile } from "./task-schema.ts";
import { serviceOf, timeoutMsOf, turnsOf } from "./turns.ts";

/** Parts of `setup` that change a gateway or its memory; here a workspace is all that is set up. */
const notSetUp = ["setup.memory_seed", "setup.config_overrides", "setup.pre_check_gateway"];

/** Whether a folder looks like ClawBench's tasks, or like a checkout that holds them: `tier1/TASK.yaml`. */
export function isClawBench(folder: string): boolean {
  return tierFolders(tasksFolder(folder)).length > 0;
}

/**
 * Every task of a folder in ClawBench's format, in the order of tiers and names. Where a manifest names the tasks of a
 * release, the others are read, too, and done when they are asked for by id.
 * @throws {ConfigError} for the first file that cannot be used
 */
export function readClawBench(folder: string): ReadSuite {
  const root = tasksFolder(folder);
  const manifest = manifestOf(root);
  const files = tierFolders(root).flatMap((tier) => filesWithin(tier, root));
  const tasks = files.filter(isTaskFile).map((file) => readTask(file, root));
  const listed = manifest?.listed(tasks.map(({ task }) => task)) ?? null;
  const official = tasks.map((one) => ({ ...one, official: listed?.has(one.task.id) ?? true }));
  const others = official.filter((one) => !one.official).length;
  const note = `${others} of ${tasks.length} tasks are not in ${join(root, "MANIFEST.yaml")}; name them to do them`;
  return {
    name: manifest?.release ?? basename(root),
    suiteVersion: manifest?.benchmarkVersion ?? null,
    tasks: official,
    notes: others > 0 ? [note] : [],
  };
}

const isTaskFile = (file: string) => file.endsWith(".yaml") && !basename(file).startsWith("_");

/** The original's checkout holds its tasks one folder deeper. */
function tasksFolder(folder: string): string {
  const candidates = [folder, join(folder, "tasks"), join(folder, "tasks-public")];
  return candidates.find((candidate) => tierFolders(candidate).length > 0) ?? folder;
}

function tierFolders(root: string): readonly string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => /^tier[1-5]$/.test(name))
    .toSorted()
    .map((name) => join(root, name))
    .filter((path) => kindWithin(path, root) === "folder");
}

interface Manifest {
  readonly release: string | null;
  readonly benchmarkVersion: string | null;
  /** Ids of a release; throws where it names a task that is not there. null: it names none. */
  readonly listed: (tasks: readonly WorkspaceTask[]) => ReadonlySet<string> | null;
}

function manifestOf(root: string): Manifest | null {
  const name = join(root, "MANIFEST.yaml");
  if (!existsSync(name)) return null;
  const file = readTaskFile(name, "1.1");
  const { value } = readWith(file, manifestSchema);
  return {
    release: value.release ?? null,
    benchmarkVersion: value.benchmark_version ?? null,
    listed: (tasks) => {
      if (!value.tasks) return null;
      const ids = new Set(tasks.map(({ id }) => id));
      const missing = value.tasks.flatMap(({ id }, index) => {
        if (ids.has(id)) return [];
        return [{ path: ["tasks", index, "id"], message: `no file of the tiers is the task ${id}` }];
      });
      if (missing.length > 0) throw unusable(file, missing);
      return new Set(value.tasks.map(({ id }) => id));
    },
  };
}

function readTask(name: string, root: string): Omit<ReadTask, "official"> {
  const file = readTaskFile(name, "1.1");
  const { value, unknown } = readWith(file, taskSchema);
  const profile = profileOf(value);
  const inputs = inputsOf(file, value, join(root, "assets"));
  const task: WorkspaceTask = {
    id: value.id,
    name: value.name,
    suite: value.family,
    version: value.release_id ?? null,
    file: name,
    description: value.description ?? "",
    difficulty: null,
    tier: value.tier,
    inputs,
    setup: null,
    teardown: null,
    services: (value.setup?.background_services ?? []).map(serviceOf),
    turns: turnsOf(value),
    timeoutMs: timeoutMsOf(value),
    network: value.network ?? false,
    browser:
      value.browser ??
      (value.family === "browser" || profile.trajectory.requiredFamilies.includes("browser")),
    programs: programsNeeded(value),
    profile,
    unknown,
  };
  const notes = notSetUp
    .filter((key) => isGiven(unknown[key]))
    .map((key) => `${name}: ${key} is not done here`);
  return { task, files: [name, ...new Set(inputs.map(({ from }) => from))], notes };
}

const isGiven = (value: unknown) =>
  Array.isArray(value) ? value.length > 0 : Object.keys(value ?? {}).length > 0;

/** Files of asset packs, each pack's content in the workspace itself, then single files; a later one replaces an earlier one. */
function inputsOf(file: TaskFile, { setup }: ClawBenchFile, assets: string): readonly TaskInput[] {
  const packs = (setup?.asset_packs ?? []).map((name, index) => {
    const from = assetAt(file, { assets, name, path: ["setup", "asset_packs", index] });
    return kindWithin(from, assets) === "folder" ? inputsIn(from, assets) : [{ from, to: basename(from) }];
  });
  const files = (setup?.workspace_files ?? []).map((name, index) => {
    const path = ["setup", "workspace_files", index];
    const from = assetAt(file, { assets, name, path });
    if (kindWithin(from, assets) === "file") return { from, to: name };
    throw unusable(file, [{ path, message: `${from} is a folder; asset_packs takes folders` }]);
  });
  return [...new Map([...packs.flat(), ...files].map((input) => [input.to, input])).values()];
}

interface Asset {
  readonly assets: string;
  readonly name: string;
  readonly path: readonly PropertyKey[];
}

function assetAt(file: TaskFile, { assets, name, path }: Asset): string {
  const from = join(assets, name);
  if (existsSync(from)) return from;
  throw unusable(file, [{ path, message: `${relative(dirname(assets), from)} is not there` }]);
}

function programsNeeded(task: ClawBenchFile): readonly string[] {
  const services = (task.setup?.background_services ?? []).map(({ command }) => command);
  const checks = (task.completion?.execution_checks ?? []).map(({ command }) => command);
  return [...new Set([...[...services, ...checks].flatMap(programsOf), ...(task.programs ?? [])])].toSorted();
}
