import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "tollgate-claas-eval-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function door(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/claas-eval.ts", ...args], {
    encoding: "utf8",
    env: { ...process.env, OPENCLAW_GATEWAY_TOKEN: "" },
  });
  return { code: status, stdout, said: stderr };
}

test.each([
  [
    ["preferences=[concise]", "num_steps=10", "--dry-run"],
    /^tollgate feedback \S+\/experiments\/feedback-claas\.yaml 'preferences=\[concise\]' num_steps=10\n$/,
  ],
  [
    ["--config-dir", "my_configs", "--config-name", "my_config", "training.is_clip=7.0", "--dry-run"],
    /^tollgate feedback my_configs\/my_config\.yaml training\.is_clip=7\.0\n$/,
  ],
  [["--config-dir=my_configs", "--dry-run"], /^tollgate feedback my_configs\/base\.yaml\n$/],
])("%j", (args, line) => {
  const { code, said } = door(...args);
  expect(said).toMatch(line);
  expect(code).toBe(0);
});

test.each([
  ["a name without its folder", ["--config-name", "mine"], "give that, too"],
  ["a word that is no setting", ["quick"], "quick means nothing here"],
  ["a setting of Hydra's own", ["hydra.run.dir=x"], "hydra.run.dir=x means nothing here"],
  ["an option that nobody knows", ["--multirun"], "usage:"],
])("%s is refused", (_, args, words) => {
  const { code, said } = door(...args);
  expect(said).toContain(words);
  expect(code).toBe(2);
});

test("what it runs by itself is whole but for the token", () => {
  const { code, said } = door();
  expect(said).toContain("OPENCLAW_GATEWAY_TOKEN is not set");
  expect(code).toBe(2);
});

test("a file of one's own is run from first to last, and its results lie where the page looks for them", () => {
  const settings = {
    trainer: "simulated",
    openclaw_url: null,
    serving: null,
    metrics: ["quick"],
    output_dir: `${folder}/evals/\${now:%Y%m%d-%H%M%SZ}`,
  };
  writeFileSync(join(folder, "mine.yaml"), JSON.stringify(settings));
  const ended = door("--config-dir", folder, "--config-name", "mine", "preferences=[concise]", "num_steps=1");
  expect(ended.said).toContain("concise step 1 of 1");
  expect(ended.stdout.trimEnd().split("\n").at(-1)).toMatch(/\/evals\/mine-\d{8}T\d{6}Z-[0-9a-f]{6}$/);
  expect(ended.code).toBe(0);
});
