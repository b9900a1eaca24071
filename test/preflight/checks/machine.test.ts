import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { diskCheck } from "../../../bench/preflight/checks/disk.ts";
import { gpuMemoryCheck } from "../../../bench/preflight/checks/gpu-memory.ts";
import type { Engine } from "../../../bench/stack/engine.ts";
import type { Gpu } from "../../../bench/host/gpus.ts";
import { given } from "../given.ts";

const gpu: Gpu = { index: 0, name: "G", uuid: "u", memoryTotalMiB: 10_000, memoryUsedMiB: 0, driver: "1" };

async function onGpus(gpus: readonly Gpu[] | null): Promise<readonly string[]> {
  await using rig = await given({ answers: {}, context: { gpus: () => Promise.resolve(gpus) } });
  return (await gpuMemoryCheck.run(rig.context)).findings.map(({ status }) => status);
}

test("512 MiB free are enough and 511 are a warning, on each GPU for itself", async () => {
  const used = (memoryUsedMiB: number) => ({ ...gpu, memoryUsedMiB });
  expect(await onGpus([used(9_488), used(9_489), used(0)])).toEqual(["ok", "warning", "ok"]);
});

test("a GPU that does not tell its memory, and a machine without a driver, are not checked", async () => {
  expect(
    await onGpus([
      { ...gpu, memoryUsedMiB: null },
      { ...gpu, memoryTotalMiB: null },
    ]),
  ).toEqual(["not checked", "not checked"]);
  expect(await onGpus(null)).toEqual(["not checked"]);
});

test("only where every engine is simulated is it said that none needs a GPU", async () => {
  await using rig = await given({ answers: {} });
  const { stack } = rig.context;
  const real = stack.agentEngine;
  const simulated = { ...real, identity: { ...real.identity, simulated: true } };
  const simulatedUser = { ...simulated, role: "user" } as const;
  const said = async (agentEngine: Engine, userEngine: Engine | null) => {
    const running = { ...stack, agentEngine, userEngine };
    const { findings } = await gpuMemoryCheck.run({ ...rig.context, stack: running });
    return findings[0]?.what;
  };
  const needsNone = "no nvidia-smi on this machine; the engines are simulated and need none";
  expect(await said(real, simulatedUser)).toBe("no nvidia-smi on this machine");
  expect(await said(simulated, simulatedUser)).toBe(needsNone);
  expect(await said(simulated, null)).toBe(needsNone);
});

async function onDisk(
  directory: string,
  { episodes, bodies = true }: { episodes: number; bodies?: boolean },
) {
  await using rig = await given({ answers: {}, context: { output: { directory, episodes } } });
  const { experiment } = rig.context;
  const output = { ...experiment.output, bodies };
  return (await diskCheck.run({ ...rig.context, experiment: { ...experiment, output } })).findings[0]!;
}

test("disk: less than is needed fails, less than twice as much is a warning, more is ok", async () => {
  const { bavail, bsize } = await statfs(tmpdir());
  const fitting = (bavail * bsize) / (256 << 10);
  const status = async (share: number) =>
    (await onDisk(tmpdir(), { episodes: Math.floor(fitting * share) })).status;
  expect([await status(1.5), await status(0.75), await status(0.25)]).toEqual(["failed", "warning", "ok"]);
});

test("disk: episodes without bodies need less, and what is needed is said", async () => {
  expect((await onDisk(tmpdir(), { episodes: 1_024 })).what).toContain("about 320 MiB needed");
  expect((await onDisk(tmpdir(), { episodes: 1_024, bodies: false })).what).toContain("about 160 MiB needed");
});

test("disk: a folder that cannot be asked is not checked, with the reason", async () => {
  expect(await onDisk(join(tmpdir(), "no", "such", "folder"), { episodes: 1 })).toMatchObject({
    status: "not checked",
    what: expect.stringContaining("ENOENT"),
  });
});
