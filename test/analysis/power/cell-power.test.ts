import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readCellPower } from "../../../bench/analysis/power/cell-power.ts";
import type { PowerSample } from "../../../bench/store/power-sample.ts";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";
import { buildIdentity, segmentEnded, segmentStarted } from "../../store/run-builder.ts";

const cellId = "c1-r0-raw";
const gpus = (...watts: readonly number[]): PowerSample["gpus"] =>
  watts.map((each, index) => ({ index: String(index), uuid: `GPU-${index}`, watts: each }));
const sample = (watts: readonly number[], source: PowerSample["source"] = "nvidia-smi"): PowerSample => ({
  v: 1,
  atNs: 0,
  source,
  gpus: gpus(...watts),
});

/** A cell of one segment of 60 s with ten episodes, whose engine stands on these GPUs. */
async function powerOf(
  samples: readonly PowerSample[],
  placed: readonly unknown[] | null,
  { episodes = 10, lastNs = 70e9 } = {},
) {
  using folder = new TemporaryFolder();
  const directory = join(folder.path, "evidence", cellId, "s0");
  mkdirSync(directory, { recursive: true });
  const lines = samples.map((one, index) =>
    JSON.stringify({ ...one, atNs: (lastNs * index) / samples.length }),
  );
  writeFileSync(join(directory, "power.ndjson"), lines.map((line) => `${line}\n`).join(""));
  const agent = placed === null ? {} : { gpus: placed };
  return await readCellPower(
    {
      directory: folder.path,
      identity: buildIdentity({ resolved: { stack: { kind: "docker", agent } } }),
      records: [
        segmentStarted(cellId),
        segmentEnded(cellId, { startedNs: 0, endedNs: 60e9, drained: true, reason: "complete" }),
      ],
    },
    {
      cellId,
      segments: [{ segmentId: "s0", used: true, excluded: null, episodes, seconds: 60, drained: true }],
      rates: {
        episodesPerMinute: { value: episodes, count: episodes, low: null, high: null },
      } as Parameters<typeof readCellPower>[1]["rates"],
    },
    [],
  );
}

test("the power of the GPUs that the agent's engine stands on, by number or by UUID", async () => {
  const samples = [sample([400, 100, 50]), sample([500, 120, 50]), sample([600, 140, 50])];
  expect(await powerOf(samples, [0, 1])).toEqual({
    cellId,
    source: "nvidia-smi",
    gpus: ["0", "1"],
    samples: 3,
    watts: 620,
    joulesPerEpisode: 3720,
  });
  expect(await powerOf(samples, ["GPU-2"])).toMatchObject({ watts: 50 });
  expect(await powerOf(samples, [0], { episodes: 0 })).toMatchObject({ watts: 500, joulesPerEpisode: null });
});

test.each([
  { title: "nobody measured", samples: [], placed: [0] },
  { title: "too seldom", samples: [sample([400]), sample([400])], placed: [0] },
  { title: "one of the GPUs did not tell", samples: [1, 2, 3].map(() => sample([400])), placed: [0, 1] },
  {
    title: "it is not known which GPUs are meant",
    samples: [1, 2, 3].map(() => sample([400])),
    placed: null,
  },
])("$title: absent", async ({ samples, placed }) => {
  expect(await powerOf(samples, placed)).toBeNull();
});

test("readings that ended long before the segment did say nothing about all of it", async () => {
  const samples = [1, 2, 3, 4].map(() => sample([400]));
  expect(await powerOf(samples, [0], { lastNs: 60e9 })).not.toBeNull();
  expect(await powerOf(samples, [0], { lastNs: 40e9 })).toBeNull();
});

test("a DCGM page that the experiment names: all of its GPUs, where it lists none", async () => {
  const samples = [1, 2, 3].map(() => sample([400, 300], "dcgm"));
  expect(await powerOf(samples, null)).toMatchObject({ gpus: ["GPU-0", "GPU-1"], watts: 700 });
});
