import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { unpack } from "../pack/unpacked.ts";

const folder = new TemporaryFolder();
let run = "";
beforeAll(async () => {
  await unpack(join(import.meta.dirname, "../fixtures/stored-runs/sweep.tar.zst"), folder.path);
  run = join(folder.path, readdirSync(folder.path)[0] ?? "");
});
afterAll(() => folder[Symbol.dispose]());

/** Each prints more than the reader takes, at once or line by line. */
test.each([
  "simulate --help",
  "schema",
  "plan experiments/laptop.yaml --json",
  "report RUN",
  "report RUN --format html",
  "inspect RUN",
  "compare RUN RUN --verbose",
  "status RUN",
  "completion bash",
])("a reader of `%s` that has left (`| head`) is no error", (command) => {
  const line = command.replaceAll("RUN", run);
  for (const reader of ["(exec <&-; sleep 1)", "head -c 1"]) {
    const gone = `"${process.execPath}" bench/main.ts ${line} | ${reader}`;
    // A shell complains of a locale that this machine does not have.
    const env = { ...process.env, LC_ALL: "C" };
    const { status, stderr } = spawnSync("bash", ["-o", "pipefail", "-c", gone], { encoding: "utf8", env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  }
});
