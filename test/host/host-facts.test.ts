import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { hostFacts } from "../../bench/host/host-facts.ts";

const stub = `#!/bin/sh
case "$1" in
  --query-gpu=*) echo "0, NVIDIA H200, GPU-abc, 143771, 1200, 570.86.15" ;;
  *) echo "| NVIDIA-SMI 570.86.15    Driver Version: 570.86.15    CUDA Version: 12.8 |" ;;
esac
`;

test("GPUs, their driver and CUDA come from nvidia-smi", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-smi-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "nvidia-smi"), stub);
  chmodSync(join(folder, "nvidia-smi"), 0o755);
  expect(
    await hostFacts({ PATH: `${folder}:/bin:/usr/bin`, NODE_OPTIONS: "--max-old-space-size=4096" }),
  ).toMatchObject({
    gpus: ["0, NVIDIA H200, 143771 MiB, 570.86.15"],
    gpuDetails: [
      { index: 0, name: "NVIDIA H200", uuid: "GPU-abc", memoryTotalMiB: 143_771, driver: "570.86.15" },
    ],
    cuda: "12.8",
    nodeOptions: "--max-old-space-size=4096",
  });
});

test("without nvidia-smi nothing is known of GPUs, which is not the same as none", async () => {
  const host = await hostFacts({ PATH: "/nowhere" });
  expect(host).toMatchObject({ gpus: [], gpuDetails: null, cuda: null });
  expect(host.memoryBytes).toBeGreaterThan(0);
  expect(host.cpuCount).toBeGreaterThan(0);
});
