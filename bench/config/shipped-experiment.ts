import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ownRoot } from "../own-files.ts";
import { closestWord } from "./closest-word.ts";

const folder = join(ownRoot, "experiments");

/** `laptop` for `laptop`, `laptop.yaml` and `experiments/laptop.yaml`; null for what names a file somewhere else. */
function shippedName(text: string): string | null {
  return /^(?:\.\/)?(?:experiments\/)?([\w-]+)(?:\.ya?ml)?$/.exec(text)?.[1] ?? null;
}

/** The file that is meant: the one of this path, or, where there is none, the experiment of that name that is shipped. */
export function pathOrShipped(path: string, written: string): string {
  const name = existsSync(path) ? null : shippedName(written);
  if (name === null) return path;
  const shipped = join(folder, `${name}.yaml`);
  return existsSync(shipped) ? shipped : path;
}

/** A shipped experiment whose name is near; null where none is. */
export function nearShipped(written: string): string | null {
  const name = shippedName(written);
  if (name === null) return null;
  const names = readdirSync(folder).flatMap((file) => (file.endsWith(".yaml") ? file.slice(0, -5) : []));
  return closestWord(name, names);
}
