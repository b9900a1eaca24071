import { StorageError } from "../../bench/store/storage-error.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { buildAttempt, buildEpisode, buildIdentity, plannedCell } from "./run-builder.ts";

/** Appends episodes to a new run until the disk is full; prints how many it was told were stored, and the error. */
const cell = plannedCell("raw", 100);
await using run = await RunDirectory.create(process.argv[2] ?? "", {
  identity: buildIdentity({ cells: [cell] }),
  pid: process.pid,
});
let finished = 0;
try {
  for (; finished < 100; finished += 1) await run.appendEpisode(buildEpisode(cell, finished), buildAttempt());
} catch (thrown) {
  if (!(thrown instanceof StorageError)) throw thrown;
  const { name, code, reason, message } = thrown;
  process.stdout.write(JSON.stringify({ finished, name, code, reason, message }));
}
