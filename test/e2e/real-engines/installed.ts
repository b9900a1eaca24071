import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const minutes = 60_000;

/** What an experiment file needs of the environment; `missing` says why it cannot be had here. */
export type Program =
  { readonly environment: Readonly<Record<string, string>> } | { readonly missing: string };

type Environment = Readonly<Record<string, string | undefined>>;

/** A real engine: taken from `variable`, else installed into a folder by its script, and then gone with that folder. */
export interface Installable {
  readonly variable: string;
  /** What the experiment file calls it, where that is another name. */
  readonly setting?: string;
  readonly script: string;
  readonly args: readonly string[];
  /** What else the experiment file reads. */
  readonly more?: Readonly<Record<string, string>>;
}

export async function programOf(
  { variable, setting = variable, script, args, more = {} }: Installable,
  { folder, environment }: { readonly folder: string; readonly environment: Environment },
): Promise<Program> {
  const given = environment[variable];
  if (given) return { environment: { ...more, [setting]: resolve(given) } };
  try {
    const options = { timeout: 40 * minutes };
    const { stdout } = await run(`scripts/real-engines/${script}`, [...args, folder], options);
    const found = /^export \w+=(\/.+)$/m.exec(stdout)?.[1];
    if (found === undefined) return { missing: `${script} names no program: ${stdout.slice(-300)}` };
    return { environment: { ...more, [setting]: found } };
  } catch (thrown) {
    return { missing: `${script} ${args.join(" ")} does not install it here: ${String(thrown).slice(-300)}` };
  }
}

/** The weights as one file for llama.cpp: given, or made of the folder with the Python of one of the other engines. */
export async function ggufOf(
  weights: string,
  { folder, environment, pythons }: { folder: string; environment: Environment; pythons: readonly string[] },
): Promise<Program> {
  const given = environment["LIBRARY_GGUF"];
  if (given) return { environment: { LIBRARY_GGUF: resolve(given) } };
  const target = join(folder, "library.gguf");
  const script = "scripts/real-engines/qwen3_gguf.py";
  for (const python of pythons) {
    await run(python, [script, weights, target], { timeout: 5 * minutes }).catch(() => undefined);
    if (existsSync(target)) return { environment: { LIBRARY_GGUF: target } };
  }
  return {
    missing: `no LIBRARY_GGUF, and no Python with gguf to make it (tried: ${pythons.join(", ") || "none"})`,
  };
}
