#!/usr/bin/env node
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { buildFactsFile, gitFacts, type BuildFacts } from "../bench/host/host-facts.ts";
import { ownRoot } from "../bench/own-files.ts";

/**
 * Makes `dist/`, which is what the npm package runs: JavaScript of every source file, and every other file that they read,
 * in the same tree. `npm pack` calls it. It is made elsewhere first, so that what stands in `dist/` is always whole.
 * Types are not checked here: `npm run check` does.
 */
const target = join(ownRoot, "dist");
const fresh = join(ownRoot, "node_modules", `.dist-${process.pid}`);

try {
  execFileSync(
    process.execPath,
    [join(ownRoot, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json", "--outDir", fresh],
    { cwd: ownRoot, stdio: ["ignore", process.stderr, process.stderr] },
  );
  for (const file of otherFiles()) {
    mkdirSync(dirname(join(fresh, file)), { recursive: true });
    cpSync(join(ownRoot, file), join(fresh, file));
  }
  const facts: BuildFacts = { git: await gitFacts() };
  writeFileSync(join(fresh, relative("dist", buildFactsFile)), `${JSON.stringify(facts)}\n`);
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

/** Data, prompts, Python, the plugin that OpenClaw loads. */
function otherFiles(): readonly string[] {
  return globSync(
    ["bench", "openclaw-tau2", "suites"].map((folder) => `${folder}/**/*`),
    { cwd: ownRoot, withFileTypes: true },
  )
    .filter((entry) => entry.isFile() && !/\.(ts|pyc)$/.test(entry.name))
    .map((entry) => relative(ownRoot, join(entry.parentPath, entry.name)));
}
