import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fastEngine, lastLine, Workplace } from "./small-experiment.ts";
import { countTokens } from "./token-counts.ts";
import {
  cellSummaries,
  episodesOf,
  expectExit,
  processesOf,
  readRecords,
  TemporaryFolder,
  tollgate,
} from "./tollgate-process.ts";

test("the real OpenClaw agent, straight and through the gateway: rewards, tokens, bytes, export, nothing left", async () => {
  const arms = ["raw", "gateway"];
  using place = new Workplace({
    stack: { kind: "embedded", agent: fastEngine, user: fastEngine },
    agent: { kind: "openclaw" },
  });
  const sweep = await place.sweep();
  const run = lastLine(sweep);
  expectExit(sweep, 0);
  const { version } = JSON.parse(readFileSync("node_modules/openclaw/package.json", "utf8")) as {
    version: string;
  };
  expect(
    episodesOf(run).map(({ agent, status, reward, failure }) => [agent, status, reward, failure]),
  ).toEqual(Array.from({ length: 4 }, () => [{ name: "openclaw", version }, "completed", 1, null]));
  for (const arm of arms) {
    const { outer, inner, engine } = countTokens(join(run, "evidence", `c2-r0-${arm}`, "s0"));
    expect([inner, engine]).toEqual([outer, outer]);
    const { verdict, tokenCheck } = cellSummaries(run)[`c2-r0-${arm}`] ?? {};
    // On a busy machine the agent's event loop may be the bottleneck, which is a warning.
    expect(["valid", "client-limited"]).toContain(verdict);
    expect(tokenCheck).toMatchObject({ status: "exact" });
  }
  const bytes = await tollgate(["inspect", run, "--bytes"]);
  expectExit(bytes, 0);
  expect(bytes.stdout).toMatch(/^18 of 18 requests at the inner tap equal the transcript byte for byte$/m);
  using out = new TemporaryFolder();
  const exported = await tollgate(["export", run, "--format", "jsonl", "-o", join(out.path, "export")]);
  expectExit(exported, 0);
  expect(JSON.parse(exported.stdout)).toMatchObject({ format: "jsonl" });
  expect(readRecords(run).at(-1)).toMatchObject({ reason: "complete", exitCode: 0 });
  expect([processesOf(run.slice(run.lastIndexOf("/") + 1)), place.scratch()]).toEqual([[], []]);
}, 480_000);
