import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { unpack } from "../pack/unpacked.ts";
import { invoke } from "./invoke.ts";

const folder = new TemporaryFolder();
let run = "";
beforeAll(async () => {
  await unpack(join(import.meta.dirname, "../fixtures/stored-runs/replay.tar.zst"), folder.path);
  run = join(folder.path, readdirSync(folder.path)[0] ?? "");
});
afterAll(() => folder[Symbol.dispose]());

/** An empty table, or "0 of 0 judged", looks as if there were nothing in the run. */
test.each([
  "inspect RUN",
  "inspect RUN --bytes",
  "compare RUN RUN",
  "judge RUN --url http://127.0.0.1:9 --model m",
  "export RUN -o OUT",
])("%s of a replay says that it has no episodes, and where to look", async (line) => {
  const words = line.replaceAll("RUN", run).replace("OUT", join(folder.path, "out")).split(" ");
  const { code, stdout, stderr } = await invoke(words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/is a replay, which has no episodes: see `tollgate report .*stored-sweep-/);
});

test("resume of a replay says how it is started again", async () => {
  const { code, stderr } = await invoke(["resume", run]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/cannot be gone on with\. Start it again: tollgate replay stored-sweep-/);
});
