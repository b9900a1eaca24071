import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../bench/measure/clock.ts";
import { PowerSamples, powerSource, type PowerSource } from "../../bench/run/power-samples.ts";
import { powerSampleSchema } from "../../bench/store/power-sample.ts";
import { pause, TemporaryFolder } from "../e2e/tollgate-process.ts";
import { servePages } from "../metrics/server.ts";

/** Samples until the source has answered so often and that is written, or it was given up, and returns what was written. */
async function sampled(source: PowerSource, folder: TemporaryFolder, readings = 1) {
  const told: string[] = [];
  const path = join(folder.path, "power.ndjson");
  const written = () => (existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : []);
  let answered = 0;
  let answers = 0;
  const counted: PowerSource = {
    ...source,
    read: async (signal) => {
      const read = await source.read(signal);
      answered += 1;
      if (read !== null && read.length > 0) answers += 1;
      return read;
    },
  };
  {
    await using _samples = new PowerSamples(counted, {
      directory: folder.path,
      clock: systemClock,
      intervalS: 0.02,
      tell: (line) => told.push(line),
    });
    await expect.poll(() => answered >= readings || told.length > 0).toBe(true);
    await expect.poll(() => written().length).toBeGreaterThanOrEqual(Math.min(answers, readings));
    // Time to write what is not to be there.
    await pause(100);
  }
  return { told, samples: written().map((line) => powerSampleSchema.parse(JSON.parse(line))) };
}

function stubIn(folder: TemporaryFolder, answer: string): PowerSource {
  const stub = join(folder.path, "nvidia-smi");
  writeFileSync(stub, `#!/bin/sh\ncat <<'END'\n${answer}\nEND\n`);
  chmodSync(stub, 0o755);
  return powerSource(undefined, {
    environment: { PATH: `${folder.path}:/bin:/usr/bin` },
    clock: systemClock,
  });
}

test("nvidia-smi tells the power of each GPU; one that does not is left out", async () => {
  using folder = new TemporaryFolder();
  const { samples } = await sampled(
    stubIn(folder, "0, GPU-abc, 412.31\n1, GPU-def, [N/A]\n2, GPU-ghi, 98.00"),
    folder,
    3,
  );
  expect(samples.length).toBeGreaterThan(1);
  expect(samples[0]).toMatchObject({
    source: "nvidia-smi",
    gpus: [
      { index: "0", uuid: "GPU-abc", watts: 412.31 },
      { index: "2", uuid: "GPU-ghi", watts: 98 },
    ],
  });
  expect(samples.map(({ atNs }) => atNs)).toEqual(samples.map(({ atNs }) => atNs).toSorted((a, b) => a - b));
});

test.each([
  {
    title: "no nvidia-smi",
    source: () => powerSource(undefined, { environment: { PATH: "/nowhere" }, clock: systemClock }),
  },
  { title: "none that tells", source: (folder: TemporaryFolder) => stubIn(folder, "0, GPU-abc, [N/A]") },
])("$title: nothing is written, and nothing is zero", async ({ source }) => {
  using folder = new TemporaryFolder();
  expect(await sampled(source(folder), folder)).toEqual({ told: [], samples: [] });
});

test("a DCGM exporter's page; one that cannot be read is said once, and the run goes on", async () => {
  using folder = new TemporaryFolder();
  const page = [
    "# TYPE DCGM_FI_DEV_POWER_USAGE gauge",
    'DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-abc",device="nvidia0",modelName="NVIDIA H200"} 501.5',
    'DCGM_FI_DEV_POWER_USAGE{gpu="1",UUID="GPU-def",device="nvidia1",modelName="NVIDIA H200"} 77.25',
    "# TYPE DCGM_FI_DEV_GPU_TEMP gauge",
    'DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-abc"} 41',
    "",
  ].join("\n");
  const url = await servePages(() => page);
  const { samples } = await sampled(powerSource(url, { environment: {}, clock: systemClock }), folder);
  expect(samples[0]).toMatchObject({
    source: "dcgm",
    gpus: [
      { index: "0", uuid: "GPU-abc", watts: 501.5 },
      { index: "1", uuid: "GPU-def", watts: 77.25 },
    ],
  });
  using empty = new TemporaryFolder();
  const gone = powerSource("http://127.0.0.1:9/metrics", { environment: {}, clock: systemClock });
  const { told, samples: none } = await sampled(gone, empty);
  expect(none).toEqual([]);
  expect(told).toEqual([expect.stringContaining("the GPUs' power is not known")]);
});
