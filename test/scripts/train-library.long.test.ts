import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { batchTensors } from "../../bench/tokens/tensor-batch.ts";

/** An interpreter with torch and transformers, as the environments of SGLang have them. */
const python = process.env["SGLANG_PYTHON"];
const folder = mkdtempSync(join(tmpdir(), "tollgate-training-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const minutes = 60_000;

/** An export of conversations that begin with the same twenty tokens; of what follows every second half was generated. */
function exportOf(name: string, tails: readonly (readonly number[])[]): string {
  const trajectories = tails.map((tail, index) => {
    const ids = Int32Array.from([...Array.from({ length: 20 }, (_, at) => 400 + at), ...tail]);
    const turns = ids.map((_, at) => (at < 20 + tail.length / 2 ? -1 : 0));
    const sequence = { call: 0, ids, turns, logprobs: new Float32Array(ids.length), versions: turns };
    return { task_id: `task-${index}`, traj: batchTensors([sequence], [1]) };
  });
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify({ v: 1, trajectories }));
  return file;
}

function train(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    python ?? "",
    ["scripts/real-engines/train_library.py", ...args],
    { encoding: "utf8", timeout: 5 * minutes, env: { ...process.env, OMP_NUM_THREADS: "1" } },
  );
  return { code: status, stdout, stderr };
}

const first = exportOf("first.json", [
  [501, 502, 503, 504, 505, 506],
  [511, 512, 513, 514, 515, 516],
]);
const second = exportOf("second.json", [[521, 522, 523, 524]]);

test.skipIf(python === undefined)(
  "a training that was ended goes on with the same sequences only, and is done when every token is certain",
  { timeout: 10 * minutes },
  () => {
    const weights = join(folder, "weights");
    const begun = train(weights, first, second, "--passes", "2");
    expect(begun).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("2 sequences, 19 tokens shared"),
    });
    expect(begun.stderr).toContain("Give the command again with more --passes");
    expect(readdirSync(weights)).toEqual(["training.pt"]);

    const other = train(weights, second, first, "--passes", "50");
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("begun with other sequences")]);

    const done = train(weights, first, second, "--passes", "300", "--certainty", "0.8");
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining("goes on after 2 passes") });
    expect(existsSync(join(weights, "training.pt"))).toBe(false);
    const facts = JSON.parse(readFileSync(join(weights, "training.json"), "utf8")) as Facts;
    expect(facts).toMatchObject({ sequences: [2, 1], trainedTokens: [6, 2] });
    expect(facts.leastCertainToken).toBeGreaterThanOrEqual(0.8);
    expect(facts.passes).toBeGreaterThan(2);
    for (const name of ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
      expect([name, existsSync(join(weights, name))]).toEqual([name, true]);

    const again = train(weights, first);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("holds weights already")]);
  },
);

test.skipIf(python === undefined)(
  "from nothing to a training: tasks and the preflight's call are collected, once, and learned",
  { timeout: 10 * minutes },
  () => {
    const home = join(folder, "library");
    const script = (...options: readonly string[]) =>
      spawnSync("scripts/real-engines/train-library.sh", [home, "0.5.10", "--", ...options], {
        encoding: "utf8",
        timeout: 5 * minutes,
        env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"]}` },
      });
    const begun = script("--passes", "1");
    expect(begun.status).toBe(1);
    expect(begun.stderr).toMatch(
      /areal\.json: 12 sequences, \d{4} tokens shared, \d{4} after them, 1280 trained/,
    );
    expect(begun.stderr).toMatch(
      /preflight\.json: 1 sequences, 221 tokens shared, 23 after them, 23 trained/,
    );
    expect(begun.stderr).toContain("After 1 passes");
    const again = script("--passes", "2");
    expect(again.stderr).toContain("goes on after 1 passes");
    expect(readdirSync(join(home, "0.5.10", "runs"))).toHaveLength(1);
  },
);

interface Facts {
  readonly leastCertainToken: number;
  readonly passes: number;
}

test.skipIf(python === undefined)(
  "an export without generated tokens is refused, and one whose sequences begin unlike each other",
  { timeout: 5 * minutes },
  () => {
    const none = join(folder, "none.json");
    writeFileSync(none, JSON.stringify({ v: 1, trajectories: [] }));
    expect(train(join(folder, "nothing"), none).stderr).toContain("holds no tokens that a model wrote");
    const unlike = [first, second].map(
      (file) => JSON.parse(readFileSync(file, "utf8")) as { trajectories: [] },
    );
    const ids = Int32Array.from([9, 8, 7]);
    const sequence = {
      call: 0,
      ids,
      turns: Int32Array.from([-1, 0, 0]),
      logprobs: new Float32Array(3),
      versions: ids,
    };
    const trajectories = [
      ...(unlike[0]?.trajectories ?? []),
      { task_id: "x", traj: batchTensors([sequence], [1]) },
    ];
    const mixed = join(folder, "mixed.json");
    writeFileSync(mixed, JSON.stringify({ v: 1, trajectories }));
    expect(train(join(folder, "mixed"), mixed).stderr).toContain("begin unlike each other");
  },
);
