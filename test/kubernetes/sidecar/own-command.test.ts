import { expect, test } from "vitest";
import { ownCommand } from "../../../bench/kubernetes/sidecar/own-command.ts";

function options(script: string, signal = new AbortController().signal) {
  const said: string[] = [];
  const environment = { PATH: process.env["PATH"], WORD: "from outside" };
  return {
    said,
    options: {
      program: ["sh", "-c", script, "sh"],
      environment,
      signal,
      say: (line: string) => said.push(line),
    },
  };
}

test("says every line of both streams, and tells how it ended and why", async () => {
  const { said, options: given } = options(`echo "$1 $WORD"; echo last; echo why >&2; exit 7`);
  expect(await ownCommand(["word"], given)).toEqual({ exitCode: 7, lastLine: "last", tail: ["why"] });
  expect([...said].sort()).toEqual(["last", "why", "word from outside"]);
});

test("keeps the last lines alone", async () => {
  const { options: given } = options("for i in $(seq 50); do echo $i >&2; done");
  expect((await ownCommand([], given)).tail).toEqual(Array.from({ length: 20 }, (_, at) => String(at + 31)));
});

test.each([
  ["ends by itself when it is told", "trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done", 5],
  ["takes no notice", "trap '' TERM; echo up; while :; do sleep 0.05; done", 128],
])("one that %s is over soon after the signal", async (_, script, exitCode) => {
  const stop = new AbortController();
  const { said, options: given } = options(script, stop.signal);
  const running = ownCommand([], given);
  await expect.poll(() => said).toEqual(["up"]);
  stop.abort();
  expect((await running).exitCode).toBe(exitCode);
});

test("a program that is not there is an error", async () => {
  const { options: given } = options("");
  await expect(ownCommand([], { ...given, program: ["/nowhere/tollgate"] })).rejects.toThrow(/ENOENT/);
});
