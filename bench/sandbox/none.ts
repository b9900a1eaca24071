import { randomUUID } from "node:crypto";
import { mkdirSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { liveProcesses, startEnvironment } from "../host/process-table.ts";
import { sendSignal } from "../host/signals.ts";
import { outcomeOfNothing, runCommand } from "./command.ts";
import type { SandboxContext } from "./context.ts";
import { assignments, insideEnvironment } from "./inside-environment.ts";
import { checkRequest } from "./request.ts";
import type { EnterOptions, Invocation, Sandbox, SandboxFactory, SandboxRequest } from "./sandbox.ts";

/** Names the sandbox that a process belongs to: without namespaces there is nothing else to find its processes by. */
const sandboxVariable = "TOLLGATE_SANDBOX";

/** How long processes that multiply while they are ended are looked for. */
const endMs = 5_000;

/**
 * No sandbox: commands run as this user on this machine, with an environment of their own and nothing else between them
 * and it. For machines where nothing else works, and only where somebody has written it out.
 */
export function noSandboxFactory(context: SandboxContext): SandboxFactory {
  const nothing = "nothing";
  return {
    kind: "none",
    facts: {
      isolation: "none: commands see and change what this user may",
      processes: nothing,
      memory: nothing,
      "file size": nothing,
      disk: nothing,
      network: nothing,
    },
    open: async (request) => open(request, context),
  };
}

function open(request: SandboxRequest, context: SandboxContext): Sandbox {
  checkRequest(request);
  const own = join(realpathSync(context.scratchDirectory), "sandbox", request.name);
  const home = join(own, "home");
  mkdirSync(home, { recursive: true });
  const directory = realpathSync(request.workspace);
  const mark = randomUUID();
  const enter = (command: readonly string[], options: EnterOptions = {}): Invocation => {
    const environment = {
      ...insideEnvironment({ ...request.environment, ...options.environment }, home),
      // The supervisor and this sandbox find what is left by these.
      ...ownVariables(context),
      [sandboxVariable]: mark,
    };
    const at = ["-i", "-C", options.directory ?? directory, ...assignments(environment)];
    return { file: "/usr/bin/env", arguments: [...at, ...command], environment };
  };
  let over = false;
  const dispose = async () => {
    over = true;
    await endMarked(mark);
    await rm(own, { recursive: true, force: true });
  };
  return {
    kind: "none",
    directory,
    enter,
    run: async (command, options) =>
      over
        ? outcomeOfNothing("the sandbox is gone: its owner has ended it")
        : runCommand(enter(command, options), options),
    // Nothing holds it, so nothing can end before its owner does.
    ended: new Promise(() => undefined),
    limitsReached: () => [],
    [Symbol.asyncDispose]: dispose,
  };
}

const ownVariables = ({ childEnvironment }: SandboxContext) =>
  Object.fromEntries(Object.entries(childEnvironment).filter(([name]) => name.startsWith("TOLLGATE_")));

/** Best effort: a process that gives its children another environment hides them. */
async function endMarked(mark: string): Promise<void> {
  const startMs = performance.now();
  for (let empty = 0; empty < 2 && performance.now() - startMs < endMs;) {
    const found = liveProcesses().filter(({ pid }) => startEnvironment(pid).get(sandboxVariable) === mark);
    for (const { pid } of found) sendSignal(pid, "SIGKILL");
    // A process between fork and exec is seen only when it runs its own program: one empty look proves nothing.
    empty = found.length === 0 ? empty + 1 : 0;
    await sleep(10);
  }
}
