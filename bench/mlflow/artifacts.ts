import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { exportRows } from "../export/rows/export-rows.ts";
import { parsedJson } from "../host/parsed-json.ts";
import type { ServerRun } from "./client/answers.ts";
import type { MlflowClient } from "./client/mlflow-client.ts";
import { MlflowError } from "./client/refusal.ts";
import { identityTags } from "./entries/entry.ts";
import { tagOf } from "./run-record.ts";

export interface ArtifactSource {
  readonly directory: string;
  /** Files by name below `report/`. */
  readonly report: Readonly<Record<string, string>>;
  /** Files of the run directory, by their paths in it. */
  readonly files: readonly string[];
  /** Whether the tables of requests and episodes go with them. */
  readonly tables: boolean;
}

export interface Uploaded {
  readonly files: number;
  /** Why there are none; null where there are. */
  readonly warning: string | null;
}

const tableNames = ["requests.parquet", "episodes.parquet"] as const;

/**
 * Puts the files of a run beside its metrics, through the server, and looks whether they have arrived. Those that are there with the same
 * content are left. Throws MlflowError.
 */
export async function uploadArtifacts(
  client: MlflowClient,
  record: ServerRun,
  source: ArtifactSource,
): Promise<Uploaded> {
  const root = rootOf(record.info.artifact_uri);
  if (root === null)
    return {
      files: 0,
      warning: `the experiment's artifacts lie at ${record.info.artifact_uri.split(/[?@]/)[0] ?? "another place"}, which the server does not serve, so report and tables were not uploaded. Start it with --artifacts-destination and without --default-artifact-root, and log into a new experiment.`,
    };
  const upload = new Upload(client, { record, root });
  for (const [name, text] of Object.entries(source.report))
    await upload.bytes(`report/${name}`, Buffer.from(text));
  for (const name of source.files) await upload.file(name, join(source.directory, name));
  if (source.tables) {
    const folder = await mkdtemp(join(tmpdir(), "tollgate-tables-"));
    try {
      const out = join(folder, "tables");
      await exportRows(source.directory, { out });
      for (const name of tableNames) await upload.file(`tables/${name}`, join(out, name));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  await upload.check();
  return { files: upload.count, warning: null };
}

/** `1/abc/artifacts` of `mlflow-artifacts:/1/abc/artifacts`; null of a place that the server does not serve. */
export function rootOf(uri: string): string | null {
  const path = /^mlflow-artifacts:(?:\/\/[^/]*)?\/+(.+?)\/*$/.exec(uri)?.[1];
  return path ?? null;
}

const knownSchema = z.record(z.string(), z.string());

/** Digests of the files that were uploaded before, by name. */
function knownDigests(record: ServerRun): ReadonlyMap<string, string> {
  const known = knownSchema.safeParse(parsedJson(tagOf(record, identityTags.artifacts) ?? "{}"));
  return new Map(Object.entries(known.data ?? {}));
}

/** Whether there is a file of each name, or can be none. The tables, which take long to make, may be wanted for the first time. */
export function areUploaded(record: ServerRun, { tables }: ArtifactSource): boolean {
  if (rootOf(record.info.artifact_uri) === null) return true;
  return !tables || knownDigests(record).has(`tables/${tableNames[0]}`);
}

class Upload {
  count = 0;
  readonly #client: MlflowClient;
  readonly #record: ServerRun;
  readonly #root: string;
  readonly #digests: Map<string, string>;
  readonly #sizes = new Map<string, number>();
  readonly #lists = new Map<string, ReadonlyMap<string, number>>();

  constructor(client: MlflowClient, { record, root }: { readonly record: ServerRun; readonly root: string }) {
    this.#client = client;
    this.#record = record;
    this.#root = root;
    this.#digests = new Map(knownDigests(record));
  }

  async bytes(name: string, content: Buffer): Promise<void> {
    const digest = createHash("sha256").update(content).digest("hex");
    await this.#put(name, { digest, length: content.length, open: () => content });
  }

  async file(name: string, path: string): Promise<void> {
    const hash = createHash("sha256");
    for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
    const { size } = await stat(path);
    await this.#put(name, { digest: hash.digest("hex"), length: size, open: () => createReadStream(path) });
  }

  async #put(
    name: string,
    content: {
      readonly digest: string;
      readonly length: number;
      readonly open: () => ReturnType<typeof createReadStream> | Buffer;
    },
  ): Promise<void> {
    const digest = content.digest.slice(0, 16);
    this.#sizes.set(name, content.length);
    if (this.#digests.get(name) === digest && (await this.#listed(name)) === content.length) return;
    await this.#client.putArtifact(`${this.#root}/${name}`, content);
    this.#digests.set(name, digest);
    this.count += 1;
  }

  /** What the server says is there, against what was sent; then it is noted, so that it is not sent again. */
  async check(): Promise<void> {
    this.#lists.clear();
    for (const [name, bytes] of this.#sizes) {
      const found = await this.#listed(name);
      if (found === bytes) continue;
      throw new MlflowError(
        `MLflow at ${this.#client.connection.target.url} took the artifact ${name} of ${bytes} bytes and ${found === undefined ? "does not list it" : `has ${found} of them`}. Is its disk full, or has each of its workers a place of its own? Log the run again when that is mended.`,
        { status: 200, errorCode: null },
      );
    }
    if (this.count === 0) return;
    const value = JSON.stringify(Object.fromEntries(this.#digests));
    const tags = [{ key: identityTags.artifacts, value }];
    await this.#client.logBatch(this.#record.info.run_id, { metrics: [], params: [], tags });
  }

  /** Its size on the server; undefined where it is not there. */
  async #listed(name: string): Promise<number | undefined> {
    const folder = folderOf(name);
    const list = this.#lists.get(folder) ?? (await this.#client.artifactSizes(this.#root, folder));
    this.#lists.set(folder, list);
    return list.get(name.slice(folder === "" ? 0 : folder.length + 1));
  }
}

function folderOf(name: string): string {
  return name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : "";
}
