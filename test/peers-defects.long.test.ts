import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve, sep } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { peerDefects } from "./peers-defects.ts";

/**
 * Plants each defect that was found in a peer into a copy of Tollgate and runs the test that is said to catch it: it
 * passes without the defect and fails with it, for the defect's sake. By itself:
 * `npx vitest run --project long test/peers-defects.long.test.ts`
 */
const repository = resolve(import.meta.dirname, "..");
const copied =
  "bench openclaw-tau2 suites scripts test experiments package.json tsconfig.json vitest.config.ts".split(
    " ",
  );
const runTimeoutMs = 120_000;

/** A copy of the product and its tests. Nothing that was started in it outlives it. */
class Copy implements AsyncDisposable {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async make(): Promise<Copy> {
    const directory = await realpath(await mkdtemp(join(tmpdir(), "tollgate-defect-")));
    for (const name of copied)
      await cp(join(repository, name), join(directory, name), { recursive: true, verbatimSymlinks: true });
    // A folder of links and no link to the folder: what runs in the copy keeps its caches there.
    await mkdir(join(directory, "node_modules"));
    for (const name of readdirSync(join(repository, "node_modules"))) {
      if (!name.startsWith(".vite"))
        await symlink(join(repository, "node_modules", name), join(directory, "node_modules", name));
    }
    return new Copy(directory);
  }

  plant({ file, from, to }: { readonly file: string; readonly from: string; readonly to: string }): void {
    const path = join(this.directory, file);
    const pieces = readFileSync(path, "utf8").split(from);
    if (pieces.length !== 2) throw new Error(`${file} has ${pieces.length - 1} times:\n${from}`);
    writeFileSync(path, pieces.join(to));
  }

  /** Runs the tests of that title in the file and says how they ended. */
  async run(file: string, title: string): Promise<Outcome> {
    const report = join(this.directory, "report.json");
    await rm(report, { force: true });
    const project = file.endsWith(".long.test.ts") ? "long" : "short";
    const pattern = `${title.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}$`;
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const child = spawn(
      process.execPath,
      ["node_modules/vitest/vitest.mjs", "run", "--project", project, file, "-t", pattern, ...reporters],
      { cwd: this.directory, env: environment(), stdio: ["ignore", "pipe", "pipe"] },
    );
    const limit = setTimeout(() => this.#endAll(), runTimeoutMs);
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    const [code] = (await once(child, "close")) as [number | null];
    clearTimeout(limit);
    if (!existsSync(report)) throw new Error(`vitest ended with ${code} and without a report:\n${output}`);
    const { testResults } = reportSchema.parse(JSON.parse(readFileSync(report, "utf8")));
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    const status = results.find((result) => result.title === title)?.status ?? "not there";
    return { code, status, output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#endAll();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #endAll(): void {
    for (const pid of processesIn(this.directory)) endProcess(pid);
  }
}

interface Outcome {
  readonly code: number | null;
  readonly status: string;
  readonly output: string;
}

const reportSchema = z.object({
  testResults: z.array(
    z.object({ assertionResults: z.array(z.object({ title: z.string(), status: z.string() })) }),
  ),
});

/** That of this process without what vitest told it; the shared data stays where it is. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(VITEST|FORCE_COLOR$)/.test(name));
  const shared = resolve(repository, process.env["TOLLGATE_SHARED"] ?? "../shared");
  return { ...Object.fromEntries(own), TOLLGATE_SHARED: shared, NO_COLOR: "1" };
}

/** Processes that work in that folder; none where there is no procfs. */
function processesIn(directory: string): readonly number[] {
  return globSync("/proc/[0-9]*/cwd").flatMap((path) => {
    try {
      const place = readlinkSync(path);
      return place === directory || place.startsWith(directory + sep) ? [Number(path.split("/")[2])] : [];
    } catch {
      // It has ended, or it is not ours.
      return [];
    }
  });
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ESRCH") throw thrown;
  }
}

/** Without a defect a title needs to be run once, whatever is planted for it. */
const passed = new Map<string, Outcome>();

test.each(peerDefects)(
  "$peer: $defect",
  async ({ file, title, plant, says }) => {
    await using copy = await Copy.make();
    const key = `${file} ${title}`;
    const sound = passed.get(key) ?? (await copy.run(file, title));
    expect(sound.output).toMatch(/ Tests +1 passed /);
    expect(sound).toMatchObject({ code: 0, status: "passed" });
    passed.set(key, sound);
    copy.plant(plant);
    const planted = await copy.run(file, title);
    expect(planted.output).toMatch(says);
    expect(planted).toMatchObject({ code: 1, status: "failed" });
    // A test that fails must clean up after itself, too.
    expect(processesIn(copy.directory)).toEqual([]);
  },
  3 * runTimeoutMs,
);
