import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { compressLog } from "../../bench/store/compressed-log.ts";
import { readLines } from "../../bench/store/line-file.ts";
import { below, createRng } from "../../bench/statistics/rng.ts";

const folder = mkdtempSync(join(tmpdir(), "tollgate-compressed-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function linesOf(path: string): Promise<string | null> {
  const all: string[] = [];
  try {
    for await (const { bytes } of readLines(path)) all.push(bytes.toString("latin1"));
    return all.join("\n");
  } catch {
    return null;
  }
}

test("a compressed log in which any byte has changed is never read as other tokens", async () => {
  const rng = createRng(20_261_129);
  const tokens = () => Array.from({ length: 12 }, () => below(rng, 151_936));
  const lines = Array.from({ length: 20 }, () =>
    JSON.stringify({ ids: tokens(), logprobs: tokens().map((id) => -id / 1e4) }),
  );
  writeFileSync(join(folder, "tokens.jsonl"), `${lines.join("\n")}\n`);
  expect(await compressLog(folder, "tokens.jsonl")).toBe(true);
  const path = join(folder, "tokens.jsonl.zst");
  const whole = readFileSync(path);
  expect(await linesOf(path)).toBe(lines.join("\n"));
  const changed: number[] = [];
  for (let at = 0; at < whole.length; at += 1) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at & 7));
    writeFileSync(path, damaged);
    const read = await linesOf(path);
    if (read !== null && read !== lines.join("\n")) changed.push(at);
  }
  expect(changed).toEqual([]);
});
