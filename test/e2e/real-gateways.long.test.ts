import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import type { PreflightRecord } from "../../bench/store/preflight-record.ts";
import { cellSummaries, episodesOf, expectExit, tollgate } from "./tollgate-process.ts";
import { lastLine } from "./small-experiment.ts";

/**
 * Gateways that people use, in front of the simulated engine, as their experiments have them. Taken from the variables that the
 * experiments name, and from PATH; those that are not there are skipped. `scripts/real-gateways/install.sh` installs them.
 */
const folder = mkdtempSync(join(tmpdir(), "tollgate-real-gateways-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Where a gateway's program is; undefined where there is none. */
function program(variable: string, command?: string): string | undefined {
  const given = process.env[variable];
  if (given !== undefined && existsSync(given)) return given;
  if (command === undefined) return undefined;
  const { status, stdout } = spawnSync("sh", ["-c", `command -v ${command}`], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

const cellSchema = z.object({
  tokenCheck: z.object({ status: z.string() }),
  fidelity: z.object({
    requests: z.number().positive(),
    comparedRequests: z.number(),
    findings: z.array(z.looseObject({ kind: z.string() })),
  }),
});

const gateways = [
  { name: "nginx", variable: "NGINX", path: program("NGINX", "nginx") },
  { name: "caddy", variable: "CADDY", path: program("CADDY", "caddy") },
  { name: "portkey", variable: "PORTKEY_SERVER", path: program("PORTKEY_SERVER") },
  { name: "litellm", variable: "LITELLM_PYTHON", path: program("LITELLM_PYTHON") },
];

for (const { name, variable, path } of gateways) {
  const environment = { [variable]: path ?? "", TMPDIR: folder };
  test.skipIf(path === undefined)(`${name} passes every check, and alters nothing`, async () => {
    const finished = await tollgate(["preflight", `experiments/${name}.yaml`, "--json"], environment);
    expectExit(finished, 0);
    const { checks } = JSON.parse(finished.stdout) as PreflightRecord;
    const found = checks.flatMap((check) =>
      check.findings
        .filter(({ on }) => on === `arm ${name}`)
        .map(({ status, what }) => [check.name, status, what] as const),
    );
    expect(found.filter(([, status]) => status !== "ok")).toEqual([]);
    expect(found.map(([check]) => check)).toEqual(
      expect.arrayContaining(["generation", "tool-call", "sampling", "streaming", "fidelity", "episode"]),
    );
  });

  test.skipIf(path === undefined)(
    `a sweep through ${name}: tokens exact, episodes whole, its version kept`,
    async () => {
      const settings = ["sweep.repetitions=1", "sweep.concurrency=[2]", "workload.tasks.count=2"];
      const args = ["sweep", `experiments/${name}.yaml`, "--out", join(folder, "runs")];
      const finished = await tollgate([...args, ...settings.flatMap((one) => ["--set", one])], environment);
      expectExit(finished, 0);
      const run = lastLine(finished);
      const own = episodesOf(run).filter(({ arm }) => arm === name);
      expect(own.map(({ reward }) => reward)).toEqual([1, 1]);
      const { tokenCheck, fidelity } = cellSchema.parse(cellSummaries(run)[`c2-r0-${name}`]);
      expect(tokenCheck.status).toBe("exact");
      expect(fidelity.comparedRequests).toBe(fidelity.requests);
      expect(fidelity.findings.filter(({ kind }) => kind !== "form")).toEqual([]);
      expect(existsSync(join(run, "evidence", "servers", `arm-${name}.json`))).toBe(true);
    },
  );
}

test.skipIf(program("LITELLM_PYTHON") === undefined)(
  "LiteLLM without a key does not start, and the cause that stands in the middle of its log is quoted",
  async () => {
    const environment = { LITELLM_PYTHON: program("LITELLM_PYTHON") ?? "", TMPDIR: folder };
    const args = ["preflight", "experiments/litellm.yaml", "--json", "--set", "arms.2.environment={}"];
    const finished = await tollgate(args, environment);
    expectExit(finished, 3);
    const { checks } = JSON.parse(finished.stdout) as PreflightRecord;
    const [start] = checks;
    expect(start?.findings[0]?.what).toMatch(
      /Its log says:\n.*UnsafeMasterKeyError: LiteLLM proxy refused to start/,
    );
    const others = checks.flatMap(({ findings }) => findings).filter(({ on }) => on === "arm null-proxy");
    expect(others.map(({ status }) => status)).toContain("ok");
  },
);
