import { expect, test } from "vitest";
import { statedGpus } from "../../bench/config/stated-gpus.ts";

/** What `run.json` may hold: absent is not one, and not none. */
test.each<[string, unknown, number | null]>([
  ["a list of GPUs", { kind: "docker", agent: { gpus: ["0", "1", "2", "3"] }, user: { gpus: ["4"] } }, 4],
  ["a program that was given two", { kind: "process", agent: { command: ["x"], gpus: ["0", "1"] } }, 2],
  ["a program that was given none", { kind: "process", agent: { command: ["x"], gpus: [] } }, null],
  ["a program of which nobody said", { kind: "process", agent: { command: ["x"] } }, null],
  ["a simulator", { kind: "embedded", agent: { seed: 1 }, user: {} }, null],
  ["servers that were there before", { kind: "attach", agent: { url: "http://a" } }, null],
  ["no stack", undefined, null],
])("%s", (_, stack, count) => {
  expect(statedGpus({ stack }, "agent")).toBe(count);
});
