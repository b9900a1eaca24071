import { existsSync, readdirSync, readFileSync, realpathSync, statfsSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { messageOf } from "../../../errors.ts";

/** Where the weights of a model are, and how much of it is on this machine. */
export interface ModelSource {
  /** As the experiment names it. */
  readonly name: string;
  readonly kind: "folder" | "hub";
  /** `complete`: every weight file is here. `missing`: nothing is. */
  readonly state: "complete" | "partial" | "missing";
  /** Folder with `config.json`; null when there is none here. */
  readonly directory: string | null;
  /** Bytes of the weight files that are here. */
  readonly presentBytes: number;
  /** Bytes of all weight files; null where no index tells. */
  readonly totalBytes: number | null;
  /** Parsed `config.json`; null when it is not here. */
  readonly config: unknown;
  /** Revision of the snapshot, for a hub model that is here. */
  readonly revision: string | null;
  /** What a person has to know, e.g. which file is missing. */
  readonly remark: string | null;
}

/** `~/x` and paths relative to the home folder's user. */
export function expandHome(path: string, home: string): string {
  if (path === "~") return home;
  return path.startsWith("~/") ? join(home, path.slice(2)) : path;
}

/** Looks for a model on this machine: a folder, or a snapshot in a Hugging Face cache (`CACHE/hub/models--…`). */
export function findModel(model: string, cache: string): ModelSource {
  if (isAbsolute(model))
    return inspectFolder({ name: model, kind: "folder", directory: model, revision: null });
  const repository = hubFolder(model, cache);
  const revision = readText(join(repository, "refs", "main"))?.trim() ?? null;
  const directory = revision === null ? null : join(repository, "snapshots", revision);
  if (directory === null || !existsSync(directory)) {
    return {
      name: model,
      kind: "hub",
      state: "missing",
      directory: null,
      presentBytes: 0,
      totalBytes: null,
      config: null,
      revision: null,
      remark: `not in ${cache}`,
    };
  }
  return inspectFolder({ name: model, kind: "hub", directory, revision });
}

/** The folder of a repository in a Hugging Face cache. */
export function hubFolder(model: string, cache: string): string {
  return join(cache, "hub", `models--${model.replaceAll("/", "--")}`);
}

/**
 * The folder to mount so that a model can be read: links of a snapshot point to its repository's `blobs`, so the
 * repository as a whole is needed.
 */
export function folderToMount(directory: string): string {
  const parts = resolve(directory).split("/");
  const repository = parts.findIndex((part) => part.startsWith("models--"));
  return repository < 0 ? resolve(directory) : parts.slice(0, repository + 1).join("/");
}

const indexSchema = z.object({
  metadata: z.object({ total_size: z.number() }).partial().optional(),
  weight_map: z.record(z.string(), z.string()),
});

function inspectFolder(
  place: Pick<ModelSource, "name" | "kind" | "revision"> & { readonly directory: string },
): ModelSource {
  const { directory } = place;
  const configText = readText(join(directory, "config.json"));
  const none = { ...place, presentBytes: 0, totalBytes: null };
  if (configText === null) {
    const remark = `${directory} has no config.json`;
    return { ...none, state: "missing", config: null, directory: null, remark };
  }
  const config = parseJson(configText);
  const files = weightFiles(directory);
  const sizes = files.names.map((name) => ({ name, bytes: sizeOf(join(directory, name)) }));
  const missing = sizes.filter(({ bytes }) => bytes === null).map(({ name }) => name);
  const presentBytes = sizes.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  const complete = sizes.length > 0 && missing.length === 0;
  return {
    ...place,
    config,
    presentBytes,
    totalBytes: files.totalBytes ?? (complete ? presentBytes : null),
    state: complete ? "complete" : "partial",
    remark: complete
      ? null
      : sizes.length === 0
        ? `${directory} holds no *.safetensors or *.bin file`
        : `${missing.length} of ${sizes.length} weight files are missing, ${missing[0]} first`,
  };
}

/** Names that the index promises, or the weight files that lie there when there is no index. */
function weightFiles(directory: string): {
  readonly names: readonly string[];
  readonly totalBytes: number | null;
} {
  for (const file of ["model.safetensors.index.json", "pytorch_model.bin.index.json"]) {
    const index = indexSchema.safeParse(parseJson(readText(join(directory, file)) ?? "null"));
    if (index.success) {
      return {
        names: [...new Set(Object.values(index.data.weight_map))].sort(),
        totalBytes: index.data.metadata?.total_size ?? null,
      };
    }
  }
  const names = readdirSync(directory).filter((name) => /\.(safetensors|bin)$/.test(name));
  return { names, totalBytes: null };
}

/** null when a file, or what a link points to, is not there. */
function sizeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null;
}

function readText(path: string): string | null {
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    return { unreadable: messageOf(thrown) };
  }
}

/** Name that requests ask for when none is given: the last part of the id or path. */
export function defaultServedName(model: string): string {
  return basename(model);
}

/** Free bytes on the file system of a path, or of the nearest folder above it that exists; null where it cannot be asked. */
export function freeBytes(path: string): number | null {
  let at = resolve(path);
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  const { bavail, bsize } = statfsSync(realpathSync(at));
  return bavail * bsize;
}
