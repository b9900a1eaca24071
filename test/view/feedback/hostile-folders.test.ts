import { execFileSync } from "node:child_process";
import { appendFile, chmod, mkdir, open, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { feedbackFiles } from "../../../bench/feedback/files/step-line.ts";
import { writeFeedbackRun, writeOriginalRun } from "../../feedback/run-folders.ts";
import { ask } from "../server/asked.ts";
import { ViewedRuns } from "../viewed-runs.ts";

let runs: ViewedRuns;
beforeEach(async () => void (runs = await ViewedRuns.begin()));
afterEach(() => runs[Symbol.asyncDispose]());

const gibi = 1024 ** 3;
const secret = "what-lies-outside";

/** A file with nothing in it but its length, which takes no place on the disk. */
async function longFile(path: string, bytes: number): Promise<void> {
  await rm(path, { force: true });
  await (await open(path, "w")).close();
  await truncate(path, bytes);
}

interface Planted {
  readonly what: string;
  /** In a run of the original harness with one preference. */
  readonly plant: (run: string, preference: string) => Promise<unknown>;
  /** On the page of the run. */
  readonly says?: RegExp;
}

const inPlaceOf = (name: string, make: (path: string) => unknown) => async (_run: string, own: string) => {
  await rm(join(own, name));
  await make(join(own, name));
};
const pipe = (path: string) => execFileSync("mkfifo", [path]);
const outside = async (path: string) => {
  const target = join(runs.folder, "..", `${basename(runs.folder)}-outside.json`);
  await writeFile(target, `{"lora_id": "${secret}", "config": {"num_steps": 3}}\n`);
  onTestFinished(() => rm(target));
  await symlink(target, path);
};
const { steps, metadata, baseline, summary } = feedbackFiles;

test.each<Planted>([
  {
    what: "steps that are a pipe",
    plant: inPlaceOf(steps, pipe),
    says: /steps\.jsonl is no file of the run/,
  },
  {
    what: "steps that are a folder",
    plant: inPlaceOf(steps, mkdir),
    says: /steps\.jsonl is no file of the run/,
  },
  {
    what: "steps that lie outside",
    plant: inPlaceOf(steps, outside),
    says: /steps\.jsonl is no file of the run/,
  },
  { what: "steps that lead to themselves", plant: inPlaceOf(steps, (path) => symlink(steps, path)) },
  {
    what: "metadata outside",
    plant: inPlaceOf(metadata, outside),
    says: /metadata\.json is no file of the run/,
  },
  {
    what: "a baseline that is a pipe",
    plant: inPlaceOf(baseline, pipe),
    says: /baseline\.json is no file of the run/,
  },
  {
    what: "a summary of three gibibytes",
    plant: async (run) => await longFile(join(run, summary), 3 * gibi),
    says: /summary\.json has 3221225472 bytes; more than \d+ are not read/,
  },
  {
    what: "a line of half a gibibyte",
    plant: async (_run, own) => await truncate(join(own, steps), gibi / 2),
    says: /a line there has more than \d+ bytes/,
  },
  {
    what: "evidence that is a pipe",
    plant: async (run) => {
      const line = { step: 4, serving: { before: stretch, during: stretch, after: stretch } };
      await appendFile(join(run, "concise", steps), `${JSON.stringify(line)}\n`);
      for (const phase of ["before", "during", "after"]) {
        const folder = join(run, "evidence", "concise", "step-4", phase);
        await mkdir(folder, { recursive: true });
        pipe(join(folder, "taps.ndjson"));
      }
    },
    says: /taps\.ndjson cannot be read: it is no file/,
  },
  {
    what: "a run.json that is a pipe",
    plant: async (run) => pipe(join(run, "run.json")),
    says: /run\.json is no file/,
  },
  {
    what: "a link beside it that leads to itself",
    plant: async (run) => await symlink("round", join(run, "..", "round")),
  },
])("$what: the run is shown without it, and so are the others", async ({ plant, says = /concise/ }) => {
  const run = await writeOriginalRun(join(runs.folder, "odd"), { names: ["concise"] });
  await writeOriginalRun(join(runs.folder, "good"), { names: ["concise"] });
  await plant(run, join(run, "concise"));
  const odd = await ask(runs.url, "/runs/odd");
  expect(odd.body).toMatch(says);
  for (const address of ["/", "/v1/eval", "/runs/good"]) {
    const { status, body } = await ask(runs.url, address);
    expect([address, status]).toEqual([address, 200]);
    expect(body).toContain("good");
    expect(body).not.toContain(secret);
  }
  expect(odd.body).not.toContain(secret);
  expect(runs.told).toEqual([]);
});

const stretch = {
  seconds: 1,
  requests: 3,
  failed: 0,
  ttft_ms: { p50: 1, p95: null },
  e2e_ms: { p50: 2, p95: null },
  output_tokens_per_second: 4,
  queue: { running: null, waiting: null },
};

test("a folder into which this user may not look hides no other", async () => {
  await writeOriginalRun(join(runs.folder, "good"));
  const closed = await writeOriginalRun(join(runs.folder, "closed"));
  await chmod(runs.folder, 0o755);
  await chmod(closed, 0o000);
  // Root may look into everything.
  const { seteuid, geteuid } = process;
  const isRoot = geteuid?.() === 0;
  if (isRoot) seteuid?.(65_534);
  const pages = [await ask(runs.url, "/"), await ask(runs.url, "/v1/eval")];
  if (isRoot) seteuid?.(0);
  await chmod(closed, 0o755);
  expect(pages.map(({ status, body }) => [status, body.includes("good")])).toEqual([
    [200, true],
    [200, true],
  ]);
  expect(pages[1]?.body).toMatch(/closed cannot be shown: EACCES/);
});

test("a run is read again when one of its files has changed, and not before", async () => {
  const path = await writeFeedbackRun(runs.folder, { names: ["concise"], steps: 8, done: 3 });
  const shown = async () => (await ask(runs.url, "/v1/eval")).body;
  expect(await shown()).toContain("3 of 8 steps");
  const file = join(path, "concise", steps);
  await appendFile(file, `${JSON.stringify({ step: 3, eval: { preference_compliance: 0.123456 } })}\n`);
  expect(await shown()).toContain("4 of 8 steps");
  await rm(join(path, "concise", baseline));
  expect(await shown()).toContain("The baseline is not measured yet");
});
