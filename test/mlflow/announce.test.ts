import { expect, test } from "vitest";
import { announceRun } from "../../bench/mlflow/announce.ts";
import { logRun } from "../../bench/mlflow/log-run.ts";
import { readRunJson } from "../../bench/store/read-run.ts";
import { startFakeMlflow } from "./fake-mlflow.ts";
import { options, StoredRunFolder } from "./stored-run.ts";

test("a run that begins is seen at once, and its values come into the same run when it has ended", async () => {
  using folder = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow();
  const { target, ...rest } = options(server.url);
  const run = await readRunJson(folder.directory);
  await announceRun(run, target, rest);
  const [seen] = server.store.runs;
  expect(seen).toMatchObject({ status: "RUNNING", name: run.runId, points: [] });
  expect(seen?.params.size).toBe(0);
  expect(seen?.tags.get("mlflow.note.content")).toMatch(/^Running\. SIMULATED/);
  const logged = await logRun(folder.directory, options(server.url));
  expect(logged).toMatchObject({ runId: seen?.runId, status: "FINISHED" });
  expect(seen?.tags.get("mlflow.note.content")).toContain("What the gateway adds");
});

test("one that goes on runs again, and is what it was before when nothing came of that", async () => {
  using folder = await StoredRunFolder.of("sweep");
  await using server = await startFakeMlflow();
  await logRun(folder.directory, options(server.url));
  const { target, ...rest } = options(server.url);
  const [seen] = server.store.runs;
  const before = seen?.tags.get("mlflow.note.content");
  await announceRun(await readRunJson(folder.directory), target, rest);
  expect(seen?.status).toBe("RUNNING");
  await logRun(folder.directory, options(server.url));
  expect(seen?.status).toBe("FINISHED");
  expect(seen?.tags.get("mlflow.note.content")).toBe(before);
});
