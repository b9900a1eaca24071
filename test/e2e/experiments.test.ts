import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sections } from "../../bench/commands/parts.ts";
import { loadExperiment } from "../../bench/config/load-experiment.ts";
import { expectExit, sharedFolder, tollgate } from "./tollgate-process.ts";

const shared = sharedFolder();
// Settings of the preference loop are read by its own command: test/e2e/feedback.test.ts runs them.
const names = readdirSync("experiments").filter((name) => !name.startsWith("feedback-"));
const shipped = names.map((name) => {
  const file = join("experiments", name);
  const given = { sections, environment: {}, workingDirectory: process.cwd() };
  const { workload } = loadExperiment(file, given).experiment;
  const own = "domain" in workload ? workload.domain === "library" : true;
  return { file, own };
});

test.each(shipped.filter(({ own }) => own))("$file is planned", plans);
test.skipIf(shared === null).each(shipped.filter(({ own }) => !own))(
  "$file is planned, with a tau2 data folder",
  plans,
);

test("the shipped experiments are those that the project promises", () => {
  expect(shipped.map(({ file }) => file.slice("experiments/".length))).toEqual(
    expect.arrayContaining([
      "airline.yaml",
      "areal-attach.yaml",
      "areal-laptop.yaml",
      "areal-node.yaml",
      "attach.yaml",
      "caddy.yaml",
      "capacity-laptop.yaml",
      "code-laptop.yaml",
      "gateways.yaml",
      "laptop.yaml",
      "litellm.yaml",
      "llama.yaml",
      "long-context-laptop.yaml",
      "nginx.yaml",
      "node-8gpu-235b-fp8.yaml",
      "node-8gpu.yaml",
      "node-docker-smoke.yaml",
      "null-proxy.yaml",
      "portkey.yaml",
      "real-cpu.yaml",
      "real-scheduler.yaml",
      "retail.yaml",
      "seed-001.yaml",
      "sgl-router.yaml",
      "tasks-attach.yaml",
      "tasks-laptop.yaml",
      "tool-use-laptop.yaml",
      "variants-laptop.yaml",
      "vllm.yaml",
    ]),
  );
});

async function plans({ file, own }: { readonly file: string; readonly own: boolean }): Promise<void> {
  // Nothing is asked from Hugging Face, and no Docker daemon is there to be asked.
  const offline = { HF_HUB_OFFLINE: "1", DOCKER_HOST: "unix:///nowhere/docker.sock" };
  const environment: Record<string, string> =
    own || shared === null ? offline : { ...offline, TAU2_DATA_DIR: join(shared, "tau2", "data") };
  const planned = await tollgate(["plan", file, "--json"], environment);
  expectExit(planned, 0);
  const plan = JSON.parse(planned.stdout) as { episodes: number; cells: { episodes: number }[] };
  expect(plan.cells.length).toBeGreaterThan(1);
  expect(plan.episodes).toBe(plan.cells.reduce((sum, { episodes }) => sum + episodes, 0));
}
