import { expect, test } from "vitest";
import { resumeCommand } from "../../bench/store/resume-command.ts";

test.each([
  [
    "a sweep, whatever its file and settings were",
    ["sweep", "a.yaml", "--set", "note=b"],
    "tollgate resume /runs/x",
  ],
  ["a collection", ["collect", "a.yaml", "--trials", "2"], "tollgate resume /runs/x"],
  ["a replay starts anew", ["replay", "@last"], null],
  ["nothing is known", [], null],
])("%s", (_, argv, expected) => {
  expect(resumeCommand(argv, "/runs/x")).toBe(expected);
});

test("with what is to be done again, quoted where a shell needs it", () => {
  expect(resumeCommand(["sweep", "a.yaml"], "/my runs/x", ["--redo", "failed"])).toBe(
    "tollgate resume '/my runs/x' --redo failed",
  );
});
