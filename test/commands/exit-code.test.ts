import { CommanderError } from "commander";
import { expect, test } from "vitest";
import { exitCodeOf } from "../../bench/commands/command-line.ts";
import { ConfigError, RunUnreadableError, StartError } from "../../bench/errors.ts";
import { PreflightError } from "../../bench/preflight/run-checks.ts";
import { StorageError } from "../../bench/store/storage-error.ts";
import { tollgate } from "../e2e/tollgate-process.ts";

const full = new StorageError("/runs", "disk-full", { cause: new Error("ENOSPC"), doing: "Cannot write" });
const record = { v: 1, checks: [], startedAt: "", seconds: 0 } as unknown as ConstructorParameters<
  typeof PreflightError
>[0];

test.each([
  [0, new CommanderError(0, "commander.helpDisplayed", "help")],
  [2, new CommanderError(1, "commander.unknownOption", "unknown option")],
  [2, new ConfigError("no such file")],
  [3, new StartError("engine", "did not start")],
  [3, new PreflightError(record)],
  [5, new RunUnreadableError("another experiment")],
  [1, full],
  [70, new TypeError("x is not a function")],
  [70, "a text that was thrown"],
])("exit code %i for %s", (code, error) => {
  expect(exitCodeOf(error)).toBe(code);
});

test("the real command exits with what the table says", async () => {
  expect((await tollgate(["plan", "none.yaml"])).code).toBe(2);
  expect((await tollgate(["--version"])).code).toBe(0);
});
