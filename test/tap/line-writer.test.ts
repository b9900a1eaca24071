import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { LineWriter } from "../../bench/tap/line-writer.ts";

test("lines that come while a write is under way are all there after close, once and in order", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-test-"));
  const failures: string[] = [];
  const writer = await LineWriter.open(join(folder, "lines"), (message) => failures.push(message));
  const lines = Array.from({ length: 300 }, (_, at) => `${at} ${"é".repeat(at)}`);
  for (const [at, line] of lines.entries()) {
    writer.append(line);
    if (at % 50 === 0) await sleep(1);
  }
  await writer.close();
  expect(await readFile(writer.path, "utf8")).toBe(lines.map((line) => `${line}\n`).join(""));
  expect(failures).toEqual([]);
  await rm(folder, { recursive: true });
});

test.runIf(process.platform === "linux")(
  "a full disk is told once, with the file, and later lines are let go",
  async () => {
    const failures: string[] = [];
    const writer = await LineWriter.open("/dev/full", (message) => failures.push(message));
    for (let at = 0; at < 5; at += 1) {
      writer.append("x");
      await sleep(2);
    }
    await writer.close();
    expect(failures).toEqual([expect.stringMatching(/^\/dev\/full is incomplete: .*ENOSPC/)]);
  },
);
