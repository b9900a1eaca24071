import { join } from "node:path";

/** How the Python child is started. Structured-cloneable, because it travels to the bridge's thread. */
export interface PythonChild {
  /** Interpreter, by path or by name in PATH. */
  readonly python: string;
  readonly checkout: string;
  readonly dataDirectory: string;
  readonly variant: string;
  /** The whole environment of the child: what a program needs and, in a run, the run's variables. No keys of the user. */
  readonly environment: Readonly<Record<string, string>>;
}

export function childArguments({ checkout, dataDirectory, variant }: PythonChild): string[] {
  const script = join(import.meta.dirname, "environments.py");
  return [script, "--checkout", checkout, "--data", dataDirectory, "--variant", variant];
}
