import { mkdir, writeFile } from "node:fs/promises";
import { isUtf8 } from "node:buffer";
import { dirname, join } from "node:path";
import { defaultLimits } from "../../../bench/config/sandbox-schema.ts";
import { TollgateError } from "../../../bench/errors.ts";
import { namesInside, readInside } from "../../../bench/sandbox/open-inside.ts";
import { removeWorkspace } from "../../../bench/sandbox/remove-workspace.ts";
import type { Sandbox, SandboxEnd, SandboxFactory } from "../../../bench/sandbox/sandbox.ts";
import type { CaseSetup, ToolUseCase } from "../contract/case.ts";
import type { State } from "../contract/state.ts";
import { serveShop } from "../service/serve-shop.ts";
import { Shop } from "../service/shop.ts";
import { listingScript } from "../tools/system-tools.ts";

export interface CasePlaceMaker {
  readonly sandboxes: SandboxFactory;
  /** Folder of the attempts' workspaces. */
  readonly workspaces: string;
}

/** Where an attempt's tools work: a fresh folder in a sandbox, and a shop of its own. */
export interface CasePlace extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly hostDirectory: string;
  readonly shopUrl: string;
  /** Aborts when the sandbox has ended by itself; its reason is a `SandboxEnd`. */
  readonly ended: AbortSignal;
  look(task: Pick<ToolUseCase, "setup" | "state">): Promise<State>;
}

/** The case's own setup does not work here: nobody's score. */
export class CaseSetupError extends TollgateError {
  readonly code = "TOLLGATE_CASE_SETUP";
}

/** @throws {TollgateError} where this machine has not given what it takes */
export async function openPlace(
  { sandboxes, workspaces }: CasePlaceMaker,
  setup: CaseSetup,
  name: string,
): Promise<CasePlace> {
  await using stack = new AsyncDisposableStack();
  const hostDirectory = join(workspaces, name);
  stack.defer(() => removeWorkspace(hostDirectory));
  await writeFiles(hostDirectory, setup.files);
  const sandbox = stack.use(
    await sandboxes.open({
      name,
      workspace: hostDirectory,
      readOnly: [],
      network: false,
      limits: defaultLimits,
      environment: setup.environment,
    }),
  );
  for (const process of setup.processes) await startProcess(sandbox, process);
  const shop = new Shop(setup.service);
  const served = stack.use(await serveShop(shop));
  const ended = new AbortController();
  void sandbox.ended.then((end: SandboxEnd) => ended.abort(end));
  const opened = stack.move();
  return {
    sandbox,
    hostDirectory,
    shopUrl: served.url,
    ended: ended.signal,
    look: async ({ setup: begun, state }) => ({
      files: await textsOf(hostDirectory, [...Object.keys(begun.files), ...Object.keys(state?.files ?? {})]),
      processes: begun.processes.length === 0 ? [] : await runningIn(sandbox),
      service: Object.fromEntries((state?.service ?? []).map(({ list }) => [list, shop.list(list) ?? []])),
    }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function writeFiles(directory: string, files: CaseSetup["files"]): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

const commandLimits = { timeoutMs: 30_000, outputBytesMax: 65_536 };

/** It does nothing, and carries its name where `list_processes` looks for it. */
async function startProcess(sandbox: Sandbox, name: string): Promise<void> {
  const script = "setsid sleep 86400 >/dev/null 2>&1 </dev/null &";
  const environment = { TOOL_USE_PROCESS: name };
  const { exitCode, stderr } = await sandbox.run(["bash", "-c", script], { ...commandLimits, environment });
  if (exitCode !== 0)
    throw new CaseSetupError(
      `process ${name} could not be started: ${Buffer.from(stderr).toString().trim()}`,
    );
}

async function runningIn(sandbox: Sandbox): Promise<string[]> {
  const { stdout } = await sandbox.run(["bash", "-c", listingScript], commandLimits);
  const lines = Buffer.from(stdout).toString().split("\n");
  return lines.flatMap((line) => line.split(" ").slice(1, 2));
}

const entriesMax = 10_000;
const textBytesMax = 4_000_000;

/** Of each path that is there. What a link leads to outside is not looked at. */
async function textsOf(directory: string, paths: readonly string[]): Promise<Map<string, string | null>> {
  const { names } = await namesInside(directory, entriesMax);
  const there = new Set(names.map(({ path }) => path));
  const found = new Map<string, string | null>();
  for (const path of new Set(paths)) {
    const file = await readInside(directory, path, textBytesMax);
    if (file !== null)
      found.set(
        path,
        file.truncated || !isUtf8(file.bytes) ? null : Buffer.from(file.bytes).toString("utf8"),
      );
    else if (there.has(path)) found.set(path, null);
  }
  return found;
}
