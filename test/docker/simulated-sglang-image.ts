import { execFileSync } from "node:child_process";
import {
  createReadStream,
  createWriteStream,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack, type Pack } from "tar-stream";
import type { Docker } from "../../bench/docker/docker-command.ts";
import { inspectImage, type ImageFacts } from "../../bench/docker/images.ts";

/** Reference under which the tests' image is imported. */
export const simulatedSglang = "tollgate/simulated-sglang:test";

const repository = join(import.meta.dirname, "../..");

/**
 * Imports the image of docker/simulated-sglang/ without a registry: this Node with its shared libraries, the repository's
 * code, and the two programs that the Dockerfile would copy. A few seconds.
 */
export async function importSimulatedSglang(docker: Docker): Promise<ImageFacts> {
  const tar = pack();
  const filling = fill(tar);
  await importImage(docker, simulatedSglang, { rootFileSystem: Readable.from(tar), changes: imageChanges });
  await filling;
  const facts = await inspectImage(docker, simulatedSglang);
  if (facts === null) throw new Error("the image was imported and is not there");
  return facts;
}

/** A program of this machine with its shared libraries as an image of a few megabytes, e.g. `/bin/sleep`. */
export async function importProgram(docker: Docker, image: string, program: string): Promise<void> {
  const tar = pack();
  const filling = (async () => {
    for (const path of [program, ...sharedLibraries(program)])
      await addFile(tar, realpathSync(path), path.slice(1));
    tar.finalize();
  })();
  await importImage(docker, image, { rootFileSystem: Readable.from(tar), changes: [] });
  await filling;
}

const imageChanges = [
  "ENV PATH=/usr/local/bin:/usr/bin:/bin",
  "ENV HOME=/tmp",
  "WORKDIR /app",
  'LABEL org.opencontainers.image.title="simulated SGLang"',
];

async function importImage(
  docker: Docker,
  image: string,
  { rootFileSystem, changes }: { readonly rootFileSystem: Readable; readonly changes: readonly string[] },
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-image-"));
  const archive = join(folder, "root.tar");
  try {
    await pipeline(rootFileSystem, createWriteStream(archive));
    const flags = changes.flatMap((change) => ["--change", change]);
    await docker(["import", ...flags, archive, image], { timeoutMs: 120_000 });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function fill(tar: Pack): Promise<void> {
  tar.entry({ name: "tmp/", type: "directory", mode: 0o1777 });
  const node = realpathSync(process.execPath);
  await addFile(tar, node, "usr/local/bin/node");
  for (const library of sharedLibraries(node)) await addFile(tar, realpathSync(library), library.slice(1));
  for (const program of ["python3", "tollgate"])
    await addFile(tar, join(repository, "docker/simulated-sglang", program), `usr/local/bin/${program}`);
  for (const path of ["package.json", ...codeFiles(), ...packageFiles()])
    await addFile(tar, join(repository, path), `app/${path}`);
  tar.finalize();
}

async function addFile(tar: Pack, source: string, name: string): Promise<void> {
  const { size, mode } = statSync(source);
  // A stream for every one of the many small ones would take most of the time.
  if (size < 1_000_000) return void tar.entry({ name, mode }, readFileSync(source));
  await pipeline(createReadStream(source), tar.entry({ name, size, mode }));
}

/** Absolute paths as the loader looks for them, the loader itself included. */
function sharedLibraries(program: string): readonly string[] {
  return [...execFileSync("ldd", [program], { encoding: "utf8" }).matchAll(/(?:^|\s)(\/\S+)/gm)].map(
    ([, path]) => path ?? "",
  );
}

function codeFiles(): readonly string[] {
  return globSync(["bench/**/*", "openclaw-tau2/**/*"], { cwd: repository, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(repository, join(entry.parentPath, entry.name)));
}

/** The packages that Tollgate's servers load, with what they need in turn; the agent is not among them. */
function packageFiles(): readonly string[] {
  const needed = new Set<string>();
  const visit = (name: string) => {
    const folder = join("node_modules", name);
    const manifest = join(repository, folder, "package.json");
    if (needed.has(folder) || name === "openclaw" || !existsSync(manifest)) return;
    needed.add(folder);
    const { dependencies = {} } = JSON.parse(readFileSync(manifest, "utf8")) as {
      dependencies?: Record<string, string>;
    };
    for (const dependency of Object.keys(dependencies)) visit(dependency);
  };
  const root = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(root.dependencies)) visit(name);
  return [...needed].flatMap((folder) =>
    globSync(`${folder}/**/*.{js,cjs,mjs,json}`, { cwd: repository, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(repository, join(entry.parentPath, entry.name))),
  );
}
