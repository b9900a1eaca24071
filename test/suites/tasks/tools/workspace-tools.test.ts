import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { load } from "../../../../suites/tasks/tools/workspace-tools.ts";
import { openPlace, type Place } from "../../../sandbox/kinds.ts";

/** Calls the served tools in a workspace. */
function caller({ sandbox, request }: Place) {
  const workspace = {
    directory: sandbox.directory,
    hostDirectory: request.workspace,
    enter: sandbox.enter([]),
  };
  const environment = load({ offer: "all" }).open("task", workspace);
  return async (name: string, given: Readonly<Record<string, unknown>>) =>
    await environment.call({ name, requestor: "assistant", argumentsText: JSON.stringify(given) });
}

test("a file is written with its folders, read, changed and asked for by a command", async (context) => {
  await using place = await openPlace("none", context);
  const call = caller(place);
  expect(await call("write", { path: "a/b.txt", content: "one two" })).toMatchObject({ error: false });
  expect(await call("read", { path: "a/b.txt" })).toEqual({ content: "one two", error: false });
  const edits = [{ oldText: "two", newText: "three" }];
  expect(await call("edit", { path: "a/b.txt", edits })).toMatchObject({ error: false });
  expect(readFileSync(join(place.request.workspace, "a/b.txt"), "utf8")).toBe("one three");
  expect(await call("exec", { command: "cat a/b.txt; exit 3" })).toEqual({
    content: "one three\n(Command exited with code 3)",
    error: true,
  });
});

test("what of a long text is not shown is said", async (context) => {
  await using place = await openPlace("none", context);
  writeFileSync(join(place.request.workspace, "long.txt"), "x".repeat(200_010));
  const { content, error } = await caller(place)("read", { path: "long.txt" });
  expect({ error, end: content.replace(/^x+/, "") }).toEqual({
    error: false,
    end: "\n(10 more bytes are not shown)",
  });
});

test.for([
  { title: "longer than what is read of it", bytes: Buffer.from(`old ${"x".repeat(200_010)}`) },
  { title: "no text", bytes: Buffer.from([...Buffer.from("old "), 0xff, 0xfe]) },
])("a file that is $title is not edited, and stays as it was", async ({ bytes }, context) => {
  await using place = await openPlace("none", context);
  const file = join(place.request.workspace, "file");
  writeFileSync(file, bytes);
  const edits = [{ oldText: "old", newText: "new" }];
  expect(await caller(place)("edit", { path: "file", edits })).toMatchObject({ error: true });
  expect(readFileSync(file).equals(bytes)).toBe(true);
});
