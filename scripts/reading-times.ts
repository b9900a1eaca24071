#!/usr/bin/env node
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";

const usage = `usage: node scripts/reading-times.ts RUN
What the commands that read a run cost, each in a process of its own: wall clock, time of the processors, most memory. For a large run:
  node scripts/synthetic-run.ts --from RUN --episodes 100000 --vary -o DIR`;

const main = join(import.meta.dirname, "..", "bench", "main.ts");
const [run] = process.argv.slice(2);
if (run === undefined || run.startsWith("-")) {
  console.error(usage);
  process.exitCode = 2;
} else measureAll(resolve(run));

/** The first of two calls makes what the second finds made. */
function measureAll(directory: string): void {
  rmSync(join(directory, "episodes.index"), { force: true });
  const commands = [
    ["inspect", directory, "--failed"],
    ["inspect", directory, "--failed"],
    ["inspect", directory, "--reward", "<1", "--limit", "50"],
    ["inspect", directory, firstEpisode(directory)],
    ["status", directory],
    ["runs", "--runs", join(directory, "..")],
    ["report", directory],
    ["compare", directory, directory],
  ];
  console.log("| command | s | s of processors | MiB at most |\n| --- | --- | --- | --- |");
  for (const words of commands) {
    const { code, seconds, used } = measured(words);
    const shown = words.map((word) => (word === directory ? "RUN" : word)).join(" ");
    const failed = code === 0 ? "" : ` (exit code ${code})`;
    console.log(
      `| ${shown}${failed} | ${seconds.toFixed(1)} | ${used.cpuSeconds.toFixed(1)} | ${used.mib.toFixed(0)} |`,
    );
  }
}

const usageSchema = z.object({ cpuSeconds: z.number(), mib: z.number() });

/** The process itself says at its end what it used. */
const teller = `data:text/javascript,${encodeURIComponent(`
import { writeFileSync } from "node:fs";
process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeFileSync(process.env.TOLLGATE_READING_TIMES, JSON.stringify({ cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, mib: maxRSS / 1024 }));
});`)}`;

function measured(words: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-times-"));
  const told = join(folder, "used.json");
  const startedMs = performance.now();
  const { status } = spawnSync(process.execPath, ["--import", teller, main, ...words], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, TOLLGATE_READING_TIMES: told },
  });
  const seconds = (performance.now() - startedMs) / 1000;
  const used = usageSchema.parse(JSON.parse(readFileSync(told, "utf8")));
  rmSync(folder, { recursive: true });
  return { code: status, seconds, used };
}

function firstEpisode(directory: string): string {
  const { cells } = z
    .object({ cells: z.array(z.object({ episodeIds: z.array(z.string()) })) })
    .parse(JSON.parse(readFileSync(join(directory, "run.json"), "utf8")));
  return cells[0]?.episodeIds[0] ?? "";
}
