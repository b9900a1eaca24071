import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { StartError } from "../../../bench/errors.ts";
import { removeWorkspace } from "../../../bench/sandbox/remove-workspace.ts";
import type { ProgramProblem } from "../contract/problem.ts";
import { defaultProgramLimits, type JudgeContext } from "./limits.ts";
import { pythonCommand, pythonEnvironment } from "./python-source.ts";
import { runProgram } from "./run-program.ts";

/** For the run's evidence: what programs were run with. */
export interface PythonFacts {
  readonly version: string;
  readonly implementation: string;
  /** Packages beside the library that programs often ask for, with their versions; null: not there. */
  readonly packages: Readonly<Record<string, string | null>>;
}

const ask = `
import sys, json, platform
from importlib import metadata
def version(name):
    try: return metadata.version(name)
    except metadata.PackageNotFoundError: return None
print(json.dumps({"version": platform.python_version(), "implementation": platform.python_implementation(),
  "packages": {name: version(name) for name in ("numpy", "sympy", "pandas")}}))
`;

const known: ProgramProblem = {
  kind: "program",
  id: "known",
  prompt: "",
  entryPoint: "double",
  tests: { form: "check", source: "def check(candidate):\n    assert candidate(21) == 42\n" },
};

/**
 * Asks the Python that programs will be run with for its version, and lets it judge one right program.
 * @throws {StartError} where that fails: no answer could be judged then
 */
export async function pythonOf(context: Omit<JudgeContext, "name" | "limits">): Promise<PythonFacts> {
  const refuse = (why: string) =>
    new StartError(
      "sandbox",
      `Programs cannot be judged in the sandbox of kind ${context.sandboxes.kind}: ${why}. ` +
        "It needs python3 (3.8 or later, with ctypes) outside home folders: install the package python3, or name an image that has it.",
    );
  const workspace = join(context.workspaces, "python-version");
  await mkdir(workspace, { recursive: true });
  try {
    await using sandbox = await context.sandboxes.open({
      name: "python-version",
      workspace,
      readOnly: [],
      network: false,
      limits: defaultProgramLimits,
      environment: pythonEnvironment,
    });
    const { exitCode, stdout, stderr } = await sandbox.run(pythonCommand(ask), {
      timeoutMs: 20_000,
      outputBytesMax: 10_000,
      signal: context.signal,
    });
    if (exitCode !== 0) throw refuse(Buffer.from(stderr).toString().trim() || "python3 did not start");
    const facts = JSON.parse(Buffer.from(stdout).toString()) as PythonFacts;
    const judged = await runProgram("def double(x):\n    return 2 * x\n", known, {
      ...context,
      name: "python-known",
      limits: defaultProgramLimits,
    });
    if (judged.verdict !== "passed")
      throw refuse(
        `a program that is right was judged ${judged.verdict} (${judged.message ?? judged.stderr})`,
      );
    return facts;
  } finally {
    await removeWorkspace(workspace);
  }
}
