import { expect, test } from "vitest";
import { resumeCommand } from "../../bench/store/resume-command.ts";

test.each([
  ["a sweep", ["sweep", "a.yaml"], "tollgate sweep a.yaml --resume /runs/x"],
  [
    "its settings stay, quoted where a shell needs it",
    ["sweep", "a.yaml", "--set", "sweep.concurrency=[1, 2]", "--out", "runs"],
    "tollgate sweep a.yaml --set 'sweep.concurrency=[1, 2]' --out runs --resume /runs/x",
  ],
  [
    "what belonged to one call does not",
    [
      "sweep",
      "a.yaml",
      "--detach",
      "--budget",
      "4h",
      "--resume=@last",
      "--redo",
      "invalid",
      "--set",
      "note=b",
    ],
    "tollgate sweep a.yaml --set note=b --resume /runs/x",
  ],
  [
    "a collection",
    ["collect", "a.yaml", "--trials", "2"],
    "tollgate collect a.yaml --trials 2 --resume /runs/x",
  ],
  ["a replay starts anew", ["replay", "@last"], null],
  ["nothing is known", [], null],
])("%s", (_, argv, expected) => {
  expect(resumeCommand(argv, "/runs/x")).toBe(expected);
});

test("with what is to be done again", () => {
  expect(resumeCommand(["sweep", "a.yaml"], "/x", ["--redo", "failed"])).toBe(
    "tollgate sweep a.yaml --resume /x --redo failed",
  );
});
