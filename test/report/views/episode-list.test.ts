import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { renderTable } from "../../../bench/report/formats/terminal.ts";
import { episodesTable, listEpisodes } from "../../../bench/report/views/episode-list.ts";
import { parseRewardTest, type EpisodeChoice } from "../../../bench/store/episode-choice.ts";
import { openEpisodeIndex } from "../../../bench/store/episode-index.ts";
import type { EpisodeRecord } from "../../../bench/store/record.ts";
import { buildEpisode, plannedCell } from "../../store/run-builder.ts";

const directory = mkdtempSync(join(tmpdir(), "tollgate-list-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const [raw, gateway] = [plannedCell("raw", 5), plannedCell("gateway", 5)];
const failed = { status: "failed", reward: null, failure: { class: "engine", message: "503" } } as const;
const records: readonly EpisodeRecord[] = [
  buildEpisode(raw, 0, { reward: 1 }),
  buildEpisode(raw, 1, { reward: 0.5, domain: "airline" }),
  buildEpisode(raw, 2, failed),
  buildEpisode(gateway, 0, { reward: 0.1 + 0.2 }),
  buildEpisode(gateway, 1, { ...failed, failure: { class: "engine", message: "another" } }),
  buildEpisode(gateway, 2, { reward: 0, termination: "agent_error", terminationDetail: "it gave up" }),
];
writeFileSync(
  join(directory, "records.jsonl"),
  records.map((record) => `${JSON.stringify(record)}\n`).join(""),
);
const list = async (choice: EpisodeChoice, { limit = 200, page = 1 } = {}) =>
  await listEpisodes({ index: await openEpisodeIndex(directory), runId: "r" }, { choice, limit, page });

test.each<[string, EpisodeChoice, readonly number[]]>([
  ["nothing said", {}, [0, 1, 2, 3, 4, 5]],
  ["failed", { failed: true }, [2, 4]],
  ["a cell", { cell: raw.cellId }, [0, 1, 2]],
  ["an arm", { arm: "gateway" }, [3, 4, 5]],
  ["a task by its id", { task: "1" }, [1, 4]],
  ["a task with its domain", { task: "airline/1" }, [1]],
  ["a part of a task's id", { task: "airline" }, []],
  ["a reward", { reward: parseRewardTest("0.3") }, [3]],
  ["below", { reward: parseRewardTest("<0.5") }, [3, 5]],
  ["at most", { reward: parseRewardTest("<= 0.5") }, [1, 3, 5]],
  ["above", { reward: parseRewardTest(">0.3") }, [0, 1]],
  ["at least", { reward: parseRewardTest(">=1") }, [0]],
  ["no reward", { reward: parseRewardTest("none") }, [2, 4]],
  ["two at once", { arm: "raw", failed: true }, [2]],
])("%s chooses its episodes, in the order of their end", async (_, choice, expected) => {
  const { episodes, chosen, finished } = await list(choice);
  expect(episodes.map(({ episodeId }) => episodeId)).toEqual(expected.map((at) => records[at]!.episodeId));
  expect({ chosen, finished }).toEqual({ chosen: expected.length, finished: 6 });
});

test.each(["", "one", "=1", "0..1", "<", "1%", "NaN"])("a reward cannot be %j", (text) => {
  expect(() => parseRewardTest(text)).toThrow("Write a number (1), a limit");
});

test("pages hold everything once, and each says which it is", async () => {
  const pages = [1, 2, 3].map((page) => list({}, { limit: 2, page }));
  const ids = (await Promise.all(pages)).flatMap(({ episodes }) => episodes.map((row) => row.episodeId));
  expect(ids).toEqual(records.map(({ episodeId }) => episodeId));
  const notes = (await Promise.all(pages)).map((page) => episodesTable(page).notes[0]);
  expect(notes).toEqual([
    "6 episodes; page 1 of 3 has 2; --page 2 shows more, --limit 0 all of them",
    "6 episodes; page 2 of 3 has 2; --page 3 shows more, --limit 0 all of them",
    "6 episodes; page 3 of 3 has 2",
  ]);
  expect(episodesTable(await list({ failed: true })).notes[0]).toBe("2 of 6 episodes");
  expect(await list({}, { limit: 0 })).toMatchObject({ pages: 1, chosen: 6 });
  expect(await list({ task: "no such" }, { limit: 0 })).toMatchObject({ pages: 1, chosen: 0 });
});

test("why they ended early is said of all that were chosen, with the first of each kind", async () => {
  const text = renderTable(episodesTable(await list({}, { limit: 1 })));
  expect(text.split("\n").slice(-2)).toEqual([
    `failed: engine: 2 episodes, the first ${records[2]!.episodeId}: 503`,
    `agent_error: 1 episode ${records[5]!.episodeId}: it gave up`,
  ]);
  expect((await list({ arm: "gateway", failed: true })).causes).toEqual([
    {
      name: "engine",
      failed: true,
      episodes: 1,
      first: { episodeId: records[4]!.episodeId, arm: "gateway", message: "another" },
    },
  ]);
});
