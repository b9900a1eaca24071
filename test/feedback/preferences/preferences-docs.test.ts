import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readPreference } from "../../../bench/feedback/preferences/read-preference.ts";
import { verifierKinds } from "../../../bench/feedback/verifiers/kinds.ts";
import { TemporaryFolder } from "../../e2e/tollgate-process.ts";

const page = readFileSync("docs/preferences.md", "utf8");

test("every preference file of the page can be used", () => {
  using folder = new TemporaryFolder();
  const files = [...page.matchAll(/```yaml\n([^`]*)```/g)].map(([, text = ""], index) => {
    const file = join(folder.path, `${index}.yaml`);
    writeFileSync(file, text);
    return file;
  });
  const names = files.map((file) => readPreference(file, {}).name);
  expect(names).toEqual(["signed", "json_only", "kind_words"]);
});

test("the page names every verifier with all of its settings", () => {
  for (const { kind, schema } of verifierKinds) {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${kind}\` `));
    const settings = Object.keys(schema.shape).filter((name) => name !== "kind");
    expect(settings.filter((name) => !row?.includes(`\`${name}\``))).toEqual([]);
    expect(row).toBeDefined();
  }
});
