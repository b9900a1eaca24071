import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("a reader that has left (`| head`) is no error", () => {
  const gone = `"${process.execPath}" bench/main.ts simulate --help | (exec <&-; sleep 3)`;
  const { status, stderr } = spawnSync("bash", ["-o", "pipefail", "-c", gone], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
