import { join } from "node:path";
import { messageOf } from "../../../bench/errors.ts";
import type { Sandbox, SandboxEnd, SandboxFactory } from "../../../bench/sandbox/sandbox.ts";
import { defaultLimits } from "../../../bench/config/sandbox-schema.ts";
import type { WorkspaceTask } from "../contract/task.ts";
import type { TemplateValues } from "../contract/template.ts";
import { removeWorkspace } from "../../../bench/sandbox/remove-workspace.ts";
import { makeWorkspace } from "./make-workspace.ts";
import { runScript, scriptFault, type ScriptRun } from "./run-script.ts";
import { BackgroundServices, templateValues, type ServiceReport } from "./services.ts";
import type { FileStates } from "../scoring/validators/file-state.ts";
import { WorkspaceFiles } from "./workspace-files.ts";

/** What every place of a run is made with. */
export interface PlaceMaker {
  readonly sandboxes: SandboxFactory;
  /** Folder of the attempts' workspaces. */
  readonly workspaces: string;
  /** Longest time of a task's setup.sh. */
  readonly setupMs: number;
  /** Name of the model, for templates. */
  readonly model: string;
}

/** Where an attempt works: a fresh folder, seen through a sandbox, with what the task needs in it. */
export interface TaskPlace extends AsyncDisposable {
  readonly task: WorkspaceTask;
  readonly hostDirectory: string;
  readonly sandbox: Sandbox;
  readonly files: WorkspaceFiles;
  /** Files after setup, before the agent. */
  readonly before: FileStates;
  readonly values: TemplateValues;
  readonly services: BackgroundServices;
  readonly setup: ScriptRun | null;
  /** Milliseconds, with setup.sh and without. */
  readonly openedMs: number;
  /** Aborts when the sandbox has ended by itself; its reason is a `SandboxEnd`. */
  readonly ended: AbortSignal;
  /** Ends everything inside. The folder stays. */
  closeSandbox(): Promise<void>;
  /** Runs the task's teardown, once the agent's sandbox is closed. */
  tearDown(): Promise<ScriptRun | null>;
}

/** The task could not be set up, or not be attempted here: nobody's score, and no fault of a part. */
export interface UnfitPlace {
  readonly fault: {
    readonly termination: "setup_failed" | "service_failed" | "no_browser";
    readonly detail: string;
  };
  readonly setup: ScriptRun | null;
  readonly services: readonly ServiceReport[];
}

const teardownTimeoutMs = 30_000;
/** Threads count as processes: Chromium has some 110 on two processors, more on more, and a dozen for each further page. */
const limitsWithBrowser = { ...defaultLimits, processes: defaultLimits.processes + 768 };
/** Who commits with git, where a task or an agent has not said it: scripts of tasks rely on the user's own settings. */
const identity = { EMAIL: "agent@sandbox.invalid" };

/**
 * Fresh folder, inputs, `setup.sh`, checksums, sandbox, services, in that order. Setup is over when the agent's sandbox
 * opens: what it has started is gone, and what lies beside the script cannot be seen any more.
 * @throws {TollgateError} where this machine has not given what it takes
 */
export async function openPlace(
  maker: PlaceMaker,
  task: WorkspaceTask,
  { name, signal }: { readonly name: string; readonly signal: AbortSignal },
): Promise<TaskPlace | UnfitPlace> {
  const startedMs = performance.now();
  const hostDirectory = join(maker.workspaces, name);
  const request = {
    name,
    workspace: hostDirectory,
    network: task.network,
    limits: task.browser ? limitsWithBrowser : defaultLimits,
    environment: identity,
  };
  await using stack = new AsyncDisposableStack();
  stack.defer(() => removeWorkspace(hostDirectory));
  await makeWorkspace(hostDirectory, task);
  const script = (which: "setup" | "teardown", limits: { timeoutMs: number; signal: AbortSignal }) => {
    const path = task[which];
    const named = { ...request, name: `${name}-${which}` };
    return path === null
      ? Promise.resolve(null)
      : runScript(maker.sandboxes, named, { script: path, ...limits });
  };
  const setup = await script("setup", { timeoutMs: maker.setupMs, signal });
  const setupFault = setup === null ? null : scriptFault("setup.sh", setup);
  if (setupFault !== null)
    return { fault: { termination: "setup_failed", detail: setupFault }, setup, services: [] };
  const files = new WorkspaceFiles(hostDirectory);
  const before = await files.look();
  const inside = stack.use(new AsyncDisposableStack());
  const sandbox = inside.use(await maker.sandboxes.open({ ...request, readOnly: [] }));
  const values = await templateValues(task, sandbox, maker.model);
  const services = new BackgroundServices();
  inside.defer(() => services.stop());
  const serviceFault = await services.start(task, { sandbox, hostDirectory, values, signal });
  if (serviceFault !== null)
    return {
      fault: { termination: "service_failed", detail: serviceFault },
      setup,
      services: services.reports(),
    };
  const ended = new AbortController();
  void sandbox.ended.then((end) => ended.abort(end));
  const opened = stack.move();
  return {
    task,
    hostDirectory,
    sandbox,
    files,
    before,
    values,
    services,
    setup,
    openedMs: performance.now() - startedMs,
    ended: ended.signal,
    closeSandbox: () => inside.disposeAsync(),
    tearDown: async () => {
      try {
        return await script("teardown", {
          timeoutMs: teardownTimeoutMs,
          signal: new AbortController().signal,
        });
      } catch (error) {
        return { exitCode: null, timedOut: false, durationMs: 0, output: messageOf(error) };
      }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Why a sandbox has ended by itself; null: it has not. */
export function endOf({ ended }: Pick<TaskPlace, "ended">): SandboxEnd | null {
  return ended.aborted ? (ended.reason as SandboxEnd) : null;
}
