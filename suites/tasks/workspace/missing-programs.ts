import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { defaultLimits } from "../../../bench/config/sandbox-schema.ts";
import { StartError } from "../../../bench/errors.ts";
import type { SandboxFactory } from "../../../bench/sandbox/sandbox.ts";
import { probeFor } from "../contract/program-probe.ts";
import type { WorkspaceTask } from "../contract/task.ts";
import { removeWorkspace } from "../../../bench/sandbox/remove-workspace.ts";

const probeTimeoutMs = 120_000;

/**
 * What tasks need and a sandbox lacks, with the tasks that need it. Asked in a sandbox, because an image has programs of its
 * own and modules are known to nobody but their Python.
 * @throws {StartError} where no answer comes
 */
export async function missingPrograms(
  sandboxes: SandboxFactory,
  tasks: readonly Pick<WorkspaceTask, "id" | "programs">[],
  folder: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const needs = Map.groupBy(
    tasks.flatMap(({ id, programs }) => programs.map((program) => ({ id, program }))),
    ({ program }) => program,
  );
  const programs = [...needs.keys()];
  if (programs.length === 0) return new Map();
  const workspace = join(folder, "programs");
  await mkdir(workspace, { recursive: true });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => removeWorkspace(workspace));
  const sandbox = stack.use(
    await sandboxes.open({
      name: "programs",
      workspace,
      readOnly: [],
      network: false,
      limits: defaultLimits,
      environment: {},
    }),
  );
  const lines = programs.map(
    (program, index) =>
      `(${probeFor(program).map(quoted).join(" ")}) >/dev/null 2>&1 </dev/null || echo ${index}`,
  );
  const options = { timeoutMs: probeTimeoutMs, outputBytesMax: 1 << 20 };
  const { exitCode, stdout, timedOut } = await sandbox.run(
    ["sh", "-c", `${lines.join("\n")}\ntrue`],
    options,
  );
  if (exitCode !== 0)
    throw new StartError(
      "sandbox",
      `The ${sandbox.kind} sandbox did not say which programs it has: ${timedOut ? `no end within ${probeTimeoutMs / 1000} s` : `exit code ${exitCode}`}.`,
    );
  const missing = new TextDecoder().decode(stdout).split("\n").filter(Boolean);
  return new Map(
    missing.flatMap((index) => {
      const program = programs[Number(index)];
      return program === undefined ? [] : [[program, (needs.get(program) ?? []).map(({ id }) => id)]];
    }),
  );
}

const quoted = (word: string) => `'${word.replaceAll("'", String.raw`'\''`)}'`;
