import { expect, test } from "vitest";
import { z } from "zod";
import { asLists, singleValues } from "../../bench/config/list-of-one.ts";

const schema = z.object({
  sweep: z.object({ concurrency: z.array(z.number()) }),
  arms: z.array(
    z.object({
      name: z.string(),
      words: z.array(z.string()).optional(),
      command: z.array(z.string()).optional(),
      other: z.array(z.string()).optional(),
    }),
  ),
});
const listed = (value: unknown) => asLists(value, singleValues(value, schema));

test.each([
  ["a number", { sweep: { concurrency: 4 }, arms: [] }, { sweep: { concurrency: [4] }, arms: [] }],
  [
    "within a list",
    { sweep: { concurrency: [1] }, arms: [{ name: "a" }, { name: "b", words: "x" }] },
    { sweep: { concurrency: [1] }, arms: [{ name: "a" }, { name: "b", words: ["x"] }] },
  ],
  // What it then says is about the value, not about lists.
  [
    "a wrong word",
    { sweep: { concurrency: "many" }, arms: [] },
    { sweep: { concurrency: ["many"] }, arms: [] },
  ],
  [
    "a mapping is no single value",
    { sweep: { concurrency: {} }, arms: [] },
    { sweep: { concurrency: {} }, arms: [] },
  ],
  // No shell reads it: as one word it would be the name of a program that nobody has.
  [
    "a command line is no single word",
    { sweep: { concurrency: [1] }, arms: [{ name: "a", command: "serve --port 1", other: "x y" }] },
    { sweep: { concurrency: [1] }, arms: [{ name: "a", command: "serve --port 1", other: ["x y"] }] },
  ],
  ["nothing where something must be", { arms: [] }, { arms: [] }],
])("%s", (_, written, expected) => {
  expect(listed(written)).toEqual(expected);
});
