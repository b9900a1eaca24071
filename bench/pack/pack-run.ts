import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { pack as tarPack, type Pack } from "tar-stream";
import { ConfigError } from "../errors.ts";
import { checkedZstd } from "../host/checked-zstd.ts";
import { driverOf } from "../store/driver-lock.ts";
import { makeFolder } from "../store/make-folder.ts";
import { exists, readRunJson } from "../store/read-run.ts";
import { knownSecrets, type SecretSources } from "./known-secrets.ts";
import { isText, redactFile } from "./redact-file.ts";
import { Redactor } from "./redaction.ts";

export interface PackOptions {
  /** Ends in `.tar.gz`, `.tgz` or `.tar.zst`. */
  readonly out: string;
  /** null: everything goes in as it is. */
  readonly public: Pick<SecretSources, "environment" | "machine" | "workingDirectory"> | null;
}

export interface PackedRun {
  readonly out: string;
  readonly files: number;
  readonly bytes: number;
  readonly redactions: Readonly<Record<string, number>>;
  /** Files that are not in the archive, with the reason. */
  readonly leftOut: readonly { readonly file: string; readonly why: string }[];
}

/** Not part of what a run found out, or made of what is. */
const passing = /(^|\/)(driver\.pid(\..*)?|[^/]*\.tmp|[^/]*\.part|episodes\.index)$/;

/**
 * One archive of a run with `SHA256SUMS`, and for publishing `REDACTIONS.json`. What comes out of it is a run directory
 * that every command reads. Throws ConfigError for a run that is being written, and when there is such a file already.
 */
export async function packRun(directory: string, options: PackOptions): Promise<PackedRun> {
  const compress = compressorOf(options.out);
  await readRunJson(directory);
  if ((await driverOf(directory)) !== null)
    throw new ConfigError(
      `${directory} is being written. Wait for its end, or \`tollgate stop ${directory}\`, then pack it.`,
    );
  if (await exists(options.out))
    throw new ConfigError(`${options.out} is there already. Choose another name.`);
  await makeFolder(dirname(options.out));
  // Beside the archive, where there must be room for the run anyway.
  const scratch = await mkdtemp(join(dirname(options.out), ".tollgate-pack-"));
  try {
    const names = (await filesBelow(directory)).filter((name) => !passing.test(name));
    const prepared =
      options.public === null
        ? { files: names.map((name) => ({ name, path: join(directory, name) })), leftOut: [], redactions: {} }
        : await withoutSecrets(directory, { names, scratch, sources: options.public });
    const bytes = await writeArchive(options.out, {
      prefix: basename(directory),
      files: prepared.files,
      compress,
      // One with everything in it is its owner's, as the run is.
      mode: options.public === null ? 0o600 : 0o666,
    });
    const { leftOut, redactions } = prepared;
    return { out: options.out, files: prepared.files.length + 1, bytes, redactions, leftOut };
  } finally {
    await rm(scratch, { recursive: true });
  }
}

function compressorOf(out: string) {
  if (/\.(tar\.gz|tgz)$/.test(out)) return createGzip;
  if (out.endsWith(".tar.zst")) return checkedZstd;
  throw new ConfigError(`${out}: the archive's name must end in .tar.gz, .tgz or .tar.zst.`);
}

interface PackedFile {
  /** In the archive, below the run's folder. */
  readonly name: string;
  readonly path: string;
}

async function filesBelow(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .toSorted();
}

interface PublicOptions {
  readonly names: readonly string[];
  readonly scratch: string;
  readonly sources: NonNullable<PackOptions["public"]>;
}

async function withoutSecrets(directory: string, { names, scratch, sources }: PublicOptions) {
  const descriptions = await Promise.all(
    names
      .filter((name) => name === "run.json" || /^evidence\/servers\/[^/]+\.json$/.test(name))
      .map((name) => readFile(join(directory, name), "utf8")),
  );
  const known = knownSecrets({ ...sources, runDirectory: directory, descriptions });
  const redactor = new Redactor(known);
  const files: PackedFile[] = [];
  const leftOut: PackedRun["leftOut"][number][] = [];
  // Stored texts first: their names are their sums, and other files quote them.
  const texts = /^evidence\/texts\/([0-9a-f]{64})\.txt$/;
  for (const name of names.toSorted((a, b) => Number(texts.test(b)) - Number(texts.test(a)))) {
    const source = join(directory, name);
    if (!(await isText(source))) {
      leftOut.push({ file: redactor.redact(name), why: "no text, so nothing can be removed from it" });
      continue;
    }
    const target = join(scratch, String(files.length));
    await redactFile(source, target, redactor);
    const [, sha256] = texts.exec(name) ?? [];
    files.push({
      name: sha256 === undefined ? redactor.redact(name) : await renamed(target, sha256, redactor),
      path: target,
    });
  }
  const redactions = Object.fromEntries(redactor.counts);
  const list = {
    v: 1,
    replacements: redactions,
    leftOut,
    /** Variables named like keys whose values are too short to be looked for. */
    notSearched: known.tooShort,
  };
  const path = join(scratch, "REDACTIONS.json");
  await writeFile(path, `${JSON.stringify(list, null, 2)}\n`);
  return { files: [...files, { name: "REDACTIONS.json", path }], leftOut, redactions };
}

async function renamed(path: string, sha256: string, redactor: Redactor): Promise<string> {
  const now = await sha256Of(path);
  if (now !== sha256) redactor.rename(sha256, now);
  return `evidence/texts/${now}.txt`;
}

interface ArchiveOptions {
  readonly prefix: string;
  readonly files: readonly PackedFile[];
  readonly compress: () => ReturnType<typeof createGzip> | ReturnType<typeof checkedZstd>;
  readonly mode: number;
}

/** The name appears with the whole archive only. Returns its length in bytes. */
async function writeArchive(out: string, { prefix, files, compress, mode }: ArchiveOptions): Promise<number> {
  const part = `${out}.part`;
  const pack = tarPack();
  try {
    await Promise.all([
      pipeline(pack, compress(), createWriteStream(part, { mode })),
      fill(pack, prefix, files),
    ]);
    await rename(part, out);
  } catch (thrown) {
    await rm(part, { force: true });
    throw thrown;
  }
  return (await stat(out)).size;
}

/** Times and owners are left out: equal runs give equal archives. */
const plain = { mode: 0o644, mtime: new Date(0), uid: 0, gid: 0 };

async function fill(pack: Pack, prefix: string, files: readonly PackedFile[]): Promise<void> {
  const sums: string[] = [];
  try {
    for (const { name, path } of files) {
      const { size } = await stat(path);
      const entry = pack.entry({ ...plain, name: `${prefix}/${name}`, size });
      sums.push(`${await sha256Of(path)}  ${name}`);
      await pipeline(createReadStream(path), entry);
    }
    const text = `${sums.join("\n")}\n`;
    pack.entry({ ...plain, name: `${prefix}/SHA256SUMS` }, text);
    pack.finalize();
  } catch (thrown) {
    pack.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    throw thrown;
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
